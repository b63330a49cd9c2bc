import type { DatabaseFacts, TableFacts } from '../../../contract/manifest.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { countRows, findTables, readContent, sequenceFacts, sparingUnreadable, type Ask } from './database-facts.ts'
import { obstacleOf, type DatabaseProperties } from './database-list.ts'

/** What a database held at one moment, and how often each table had been written to. */
export interface Survey {
  readonly facts: DatabaseFacts
  /** By quoted name: the rows, and a count that grows with every change. */
  readonly tables: ReadonlyMap<string, { readonly table: TableFacts; readonly changes: string | null }>
}

const changesSql = `
  SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS quoted, n_tup_ins + n_tup_upd + n_tup_del AS changes
  FROM pg_stat_all_tables`

/** Reads every database, each in a snapshot of its own. One that lets nobody in is named, with nothing in it. */
export async function surveyDatabases(
  access: PostgresAccess,
  databases: readonly DatabaseProperties[],
  run: Run,
): Promise<Survey[]> {
  const surveys: Survey[] = []
  for (const properties of databases) {
    if (obstacleOf(properties)) surveys.push({ facts: { ...properties, ...nothing }, tables: new Map() })
    else surveys.push(await sparingUnreadable(unreadable => surveyDatabase(access, properties, unreadable, run)))
  }
  return surveys
}

/** A table that cannot be read is no reason to be without a copy of everything else. */
async function surveyDatabase(
  access: PostgresAccess,
  properties: DatabaseProperties,
  unreadable: ReadonlyMap<string, string>,
  run: Run,
): Promise<Survey> {
  const survey = await access.withSnapshot(properties.name, run, async ({ query }) => {
    const { sequences, ...content } = await readContent(query)
    const tables = await surveyTables(query, unreadable)
    const facts = { ...properties, ...content, sequences: sequences.map(sequenceFacts), dump: null }
    return { facts: { ...facts, tables: [...tables.values()].map(({ table }) => table) }, tables }
  })
  for (const text of unreadable.values())
    run.report({ kind: 'warning', text: `database ${access.name}/${properties.name}: ${text}` })
  return survey
}

const nothing = { extensions: [], tables: [], sequences: [], largeObjects: 0, objects: {}, settings: [], dump: null }

async function surveyTables(ask: Ask, unreadable: ReadonlyMap<string, string>): Promise<Survey['tables']> {
  const changes = new Map((await ask(changesSql)).map(row => [row['quoted'], row['changes'] ?? null]))
  const tables = new Map<string, { table: TableFacts; changes: string | null }>()
  for (const found of await findTables(ask)) {
    // An unlogged table comes back empty from a base backup.
    const countable = found.countable && found.logged && !unreadable.has(found.quoted)
    const table = await countRows(ask, { ...found, countable })
    tables.set(found.quoted, { table, changes: changes.get(found.quoted) ?? null })
  }
  return tables
}

/**
 * What a backup between the two surveys holds for certain: the rows of tables that were not written to. The moment of the
 * backup lies somewhere in between, so for the others no number is right.
 */
export function settledFacts(before: readonly Survey[], after: readonly Survey[]): DatabaseFacts[] {
  return before.map((early, index) => {
    const late = after[index]
    const tables = [...early.tables].map(([quoted, { table, changes }]) => {
      const now = late?.tables.get(quoted)
      const quiet = now !== undefined && now.table.rows === table.rows && now.changes === changes
      return quiet ? table : { ...table, rows: null }
    })
    return { ...early.facts, tables, objects: equalCounts(early.facts.objects, late?.facts.objects ?? {}) }
  })
}

const equalCounts = (one: DatabaseFacts['objects'], other: DatabaseFacts['objects']): DatabaseFacts['objects'] =>
  Object.fromEntries(Object.entries(one).filter(([kind, count]) => other[kind] === count))
