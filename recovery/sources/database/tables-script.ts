import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import type { OutgoingBytes } from '../../drivers/postgres/postgres-access.ts'
import type { ServerWork } from './restore-work.ts'
import { markStatement } from './restored-mark.ts'
import { lockNumber } from './work-lock.ts'
import { quotedTable, type ForeignKey, type SurveyedTable } from './tables-survey.ts'
import type { TableName } from './database-content.ts'

/** What a script has to know to bring tables back from the database beside. */
export interface TablesScript {
  /** The database that has the rows, and the restore's id, which marks it when the script has taken effect. */
  readonly beside: string
  readonly id: string
  readonly facts: DatabaseFacts | undefined
  /** There already: their rows are exchanged. */
  readonly present: readonly SurveyedTable[]
  /** Tables that are made, and views of them. */
  readonly missing: readonly TableName[]
  readonly views: readonly TableName[]
  /** Keys of other tables that ended at missing ones. */
  readonly keysToMake: readonly ForeignKey[]
  /** Keys of present tables, both ways. */
  readonly keysToCheck: readonly ForeignKey[]
  readonly sequences: readonly (TableName & { readonly ascending: boolean })[]
  /** Tables that an undo takes away. */
  readonly surplus: readonly TableName[]
  /** Called when nobody can write to the present tables any more. */
  whenLocked(): Promise<void>
}

const lockPatience = '60s'

/**
 * One transaction as a script for psql: all of it, or nothing. It ends with COMMIT and is never run as a single
 * transaction by psql itself, which would commit whatever it was given before it was cut off.
 */
export async function* tablesScript(work: ServerWork, script: TablesScript): AsyncGenerator<Uint8Array> {
  const { beside, id, present, missing, views, keysToMake, keysToCheck } = script
  yield line(['BEGIN', `SET LOCAL lock_timeout = '${lockPatience}'`, ...locks(script), 'SET LOCAL lock_timeout = 0'])
  yield line([`SELECT pg_catalog.pg_advisory_xact_lock(${lockNumber(id)})`])
  await script.whenLocked()
  yield line(script.surplus.map(table => `DROP TABLE ${quotedTable(table)} CASCADE`))
  const filled = present.filter(({ holdsRows }) => holdsRows)
  yield line([
    'SET LOCAL session_replication_role = replica',
    ...filled.map(({ quoted }) => `DELETE FROM ONLY ${quoted}`),
  ])
  for (const table of filled) yield* rowsOf(work, beside, table)
  yield line(['SET LOCAL session_replication_role = origin'])
  if (missing.length > 0) yield* whole(work.access.dumpTables(beside, [...missing, ...views], work.run))
  yield line([
    'SET search_path = pg_catalog',
    ...keysToMake.map(({ make }) => make),
    ...positions(script),
    ...refreshes(script),
  ])
  yield line([...keysToCheck.map(checkKey), ...counts(script), markStatement(beside, id), 'COMMIT'])
}

const line = (statements: readonly string[]): Uint8Array =>
  Buffer.from(statements.map(statement => `${statement};\n`).join(''))

/** Readers go on; nobody writes to the tables, those that go, nor to those that foreign keys join to them. */
function locks({ present, surplus, keysToCheck }: TablesScript): string[] {
  const joined = keysToCheck.flatMap(({ child, parent }) => [child, parent])
  const all = [...new Set([...present.map(({ quoted }) => quoted), ...surplus.map(quotedTable), ...joined])]
  return all.length === 0 ? [] : [`LOCK TABLE ${all.join(', ')} IN EXCLUSIVE MODE`]
}

async function* rowsOf(
  { access, run }: ServerWork,
  beside: string,
  { quoted, columns }: SurveyedTable,
): AsyncGenerator<Uint8Array> {
  if (columns.length === 0) return
  const source = `${quoted} (${columns.map(({ name }) => quoteIdentifier(name)).join(', ')})`
  yield Buffer.from(`COPY ${source} FROM stdin;\n`)
  yield* whole(access.copyOut(beside, source, run))
  yield Buffer.from('\\.\n')
}

/** A program that fails at its end must not have been believed. */
async function* whole({ bytes, finished }: OutgoingBytes): AsyncGenerator<Uint8Array> {
  yield* bytes
  await finished
}

/** Never back: what has been given out since is not given out twice. */
function positions({ facts, sequences }: TablesScript): string[] {
  return sequences.flatMap(sequence => {
    const { schema, name, ascending } = sequence
    const value = facts?.sequences.find(found => found.schema === schema && found.name === name)?.lastValue ?? null
    if (value === null) return []
    const quoted = quotedTable(sequence)
    const behind = `NOT is_called OR last_value ${ascending ? '<' : '>'} ${value}`
    return [`SELECT pg_catalog.setval(${quoteLiteral(quoted).trim()}, ${value}) FROM ${quoted} WHERE ${behind}`]
  })
}

/** Views come without rows, as the schema that they are made from. */
const refreshes = ({ facts, views }: TablesScript): string[] =>
  views
    .filter(({ schema, name }) =>
      facts?.tables.some(
        table => table.schema === schema && table.name === name && table.kind === 'm' && table.rows !== null,
      ),
    )
    .map(view => `REFRESH MATERIALIZED VIEW ${quotedTable(view)}`)

const raiseIf = (condition: string, message: string): string =>
  `DO ${quoteLiteral(`BEGIN IF ${condition} THEN RAISE EXCEPTION USING MESSAGE = ${quoteLiteral(message).trim()}; END IF; END`).trim()}`

const checkKey = ({ name, child, parent, orphans }: ForeignKey): string =>
  raiseIf(`EXISTS (${orphans})`, `rows of ${child} refer to rows of ${parent} that would not be there (${name})`)

function counts({ facts, present, missing }: TablesScript): string[] {
  return [...present, ...missing].flatMap(table => {
    const known = facts?.tables.find(({ schema, name }) => schema === table.schema && name === table.name)
    if (!known || known.rows === null || known.kind !== 'r') return []
    const quoted = quotedTable(table)
    return [
      raiseIf(
        `(SELECT count(*) FROM ONLY ${quoted}) <> ${known.rows}`,
        `${quoted} has not the ${known.rows} rows it should have`,
      ),
    ]
  })
}
