import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { messageOf } from '../../domain/errors.ts'
import {
  countRows,
  findTables,
  obstacleOf,
  sparingUnreadable,
  type DatabaseProperties,
  type ServerWork,
} from '../../sources/database/index.ts'

/** What a database holds now; `unreadable` says why it cannot be read. */
export interface PresentRows {
  /** By 'schema.table', exact; null: has none of its own. */
  readonly rows: ReadonlyMap<string, number | null>
  readonly unreadable: string | undefined
}

/** Counts every row of a living database, in one snapshot. */
export async function presentRows(work: ServerWork, present: DatabaseProperties): Promise<PresentRows> {
  const closed = obstacleOf(present)
  if (closed) return { rows: new Map(), unreadable: closed }
  try {
    return await sparingUnreadable(unreadable =>
      work.access.withSnapshot(present.name, work.run, async ({ query }) => {
        const rows = new Map<string, number | null>()
        for (const table of await findTables(query)) {
          const countable = table.countable && !unreadable.has(table.quoted)
          rows.set(`${table.schema}.${table.name}`, (await countRows(query, { ...table, countable })).rows)
        }
        return { rows, unreadable: [...unreadable.values()][0] }
      }),
    )
  } catch (error) {
    work.run.signal.throwIfAborted()
    return { rows: new Map(), unreadable: messageOf(error) }
  }
}

/** Table by table, for people: the rows now and those that come back. `facts` undefined: nobody knows what comes. */
export function rowChanges(
  facts: DatabaseFacts | undefined,
  now: PresentRows | undefined,
  prefix: string,
): [what: string, change: string][] {
  const coming = new Map(
    (facts?.tables ?? [])
      .filter(({ rows }) => rows !== null)
      .map(({ schema, name, rows }) => [`${schema}.${name}`, rows]),
  )
  const present = [...(now?.rows ?? [])].filter(([, rows]) => rows !== null)
  const tables = [...new Set([...coming.keys(), ...present.map(([name]) => name)])].toSorted()
  const before = new Map(present)
  return tables.map(name => [`${prefix}${name}`, describe(before.get(name), coming.get(name), facts, now)])
}

function describe(
  before: number | null | undefined,
  after: number | null | undefined,
  facts: DatabaseFacts | undefined,
  now: PresentRows | undefined,
): string {
  const present = before === undefined ? (now ? 'not there now' : 'new') : `${rowsText(before)} now`
  if (!facts) return `${present}, as the file has it then`
  return `${present}, ${after === undefined ? 'not in the point: gone then' : `${rowsText(after)} in the point`}`
}

const rowsText = (rows: number | null) => `${rows ?? 0} ${rows === 1 ? 'row' : 'rows'}`
