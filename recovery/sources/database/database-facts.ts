import type { SequenceFacts, TableFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Row } from '../../drivers/postgres/postgres-access.ts'
import { objectKindsSql } from './object-kinds.ts'
import { readDatabaseSettings } from './database-settings.ts'

/** Asks one database, all questions in one snapshot, names looked up in pg_catalog. */
export type Ask = (sql: string) => Promise<readonly Row[]>

/** A table as it is found, before its rows are counted. */
export interface FoundTable {
  readonly schema: string
  readonly name: string
  readonly kind: TableFacts['kind']
  /** Quoted, with its schema. */
  readonly quoted: string
  /** Has rows that a dump holds: no parent of partitions, nothing foreign, nothing that an extension fills. */
  readonly countable: boolean
  /** Its rows survive a crash: not unlogged. */
  readonly logged: boolean
}

// An extension's table is dumped whole only where the extension says so (extconfig with an empty condition); the rows of
// the others are made, wholly or in part, by CREATE EXTENSION.
const tablesSql = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
         quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS quoted,
         (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND (e.oid IS NULL
           OR coalesce(e.extcondition[array_position(e.extconfig, c.oid)] = '', false)) AS countable,
         c.relpersistence <> 'u' AS logged
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
  WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY n.nspname, c.relname`

export async function findTables(ask: Ask): Promise<FoundTable[]> {
  return (await ask(tablesSql)).map(row => ({
    schema: row['schema'] ?? '',
    name: row['name'] ?? '',
    kind: parseKind(row['kind']),
    quoted: row['quoted'] ?? '',
    countable: row['countable'] === 't',
    logged: row['logged'] === 't',
  }))
}

const parseKind = (kind: string | null | undefined): TableFacts['kind'] =>
  kind === 'p' || kind === 'm' || kind === 'f' ? kind : 'r'

/**
 * Counts exactly. ONLY: rows of tables that inherit from it are counted where they lie. Rejects with UnreadableTable, after
 * which the session or its transaction is of no more use.
 */
export async function countRows(ask: Ask, table: FoundTable): Promise<TableFacts> {
  const { schema, name, kind, quoted } = table
  if (!table.countable) return { schema, name, kind, rows: null }
  const rows = await ask(`SELECT count(*) AS rows FROM ${kind === 'r' ? 'ONLY ' : ''}${quoted}`).catch(
    (error: unknown) => {
      throw error instanceof RecoveryError && error.code === 'tool-failed' ? new UnreadableTable(quoted, error) : error
    },
  )
  return { schema, name, kind, rows: Number(rows[0]?.['rows']) }
}

/** A table whose rows cannot be read, as with damaged pages. */
export class UnreadableTable extends RecoveryError {
  readonly quoted: string

  constructor(quoted: string, cause: RecoveryError) {
    super('source-unreadable', `table ${quoted} cannot be read: ${cause.message}`, { cause })
    this.quoted = quoted
  }
}

/** Runs `use`, again for each table that it meets and cannot read, with the reasons by quoted name. */
export async function sparingUnreadable<T>(use: (unreadable: ReadonlyMap<string, string>) => Promise<T>): Promise<T> {
  const unreadable = new Map<string, string>()
  for (;;) {
    try {
      return await use(unreadable)
    } catch (error) {
      if (!(error instanceof UnreadableTable) || unreadable.has(error.quoted)) throw error
      unreadable.set(error.quoted, error.message)
    }
  }
}

/** A sequence and which way it goes. */
export interface FoundSequence extends SequenceFacts {
  readonly ascending: boolean
  readonly cycles: boolean
}

const sequencesSql = `
  SELECT s.schemaname AS schema, s.sequencename AS name, s.last_value AS last, s.increment_by > 0 AS ascending, s.cycle
  FROM pg_sequences s JOIN pg_namespace n ON n.nspname = s.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename AND c.relkind = 'S'
  WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1, 2`

export async function findSequences(ask: Ask): Promise<FoundSequence[]> {
  return (await ask(sequencesSql)).map(row => ({
    schema: row['schema'] ?? '',
    name: row['name'] ?? '',
    lastValue: row['last'] ?? null,
    ascending: row['ascending'] === 't',
    cycles: row['cycle'] === 't',
  }))
}

// In the order in which they were created: what an extension needs comes before it.
const extensionsSql = `
  SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.oid`

export interface FoundContent {
  readonly extensions: { name: string; version: string; schema: string }[]
  readonly sequences: FoundSequence[]
  readonly largeObjects: number
  readonly objects: Record<string, number>
  readonly settings: string[]
}

/** Everything about a database but the rows of its tables. */
export async function readContent(ask: Ask): Promise<FoundContent> {
  const extensions = (await ask(extensionsSql)).map(({ name, version, schema }) => ({
    name: name ?? '',
    version: version ?? '',
    schema: schema ?? '',
  }))
  const [large] = await ask('SELECT count(*) AS number FROM pg_largeobject_metadata')
  const kinds = await ask(objectKindsSql)
  return {
    extensions,
    sequences: await findSequences(ask),
    largeObjects: Number(large?.['number']),
    objects: Object.fromEntries(kinds.map(({ kind, number }) => [kind, Number(number)])),
    settings: await readDatabaseSettings(ask),
  }
}

/** Without what only a comparison needs. */
export const sequenceFacts = ({ schema, name, lastValue }: FoundSequence): SequenceFacts => ({
  schema,
  name,
  lastValue,
})
