import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { DumpSelection, PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import type { ContentPart, DatabaseContent } from '../database/database-content.ts'
import { versionNumber } from './archive-header.ts'
import type { Danger } from './dangers.ts'
import { scriptOf, type DumpReader } from './dump-script.ts'
import { fingerprint } from './dump-file.ts'
import type { InspectedDump } from './inspect-dump.ts'
import { ScriptJudge } from './judge.ts'
import { fileBytes } from './open-file.ts'
import { makeRolesOfDump } from './dump-roles.ts'
import { readScript } from './read-script.ts'
import { propertiesOf } from './dump-properties.ts'
import type { DatabaseOfScript } from './script-facts.ts'

export interface DumpChoice {
  /** Of a dump of many: which. */
  readonly database?: string | undefined
  /** Statements that may run programs or touch files are let through. */
  readonly allowUnsafe: boolean
}

/** The content, and what is known of it beyond what every content says. */
export interface DumpFileContent extends DatabaseContent {
  /** The database that it was; '' where the dump does not say. */
  readonly was: string
  /** Rows behind COPY, by 'schema.table'. */
  readonly rows: ReadonlyMap<string, number>
}

/**
 * A database as an old dump has it. Rejects with file-unsafe when something in it may do more than fill a database, and
 * with bad-input when it holds several and none of them is named.
 */
export function dumpFileContent(inspected: InspectedDump, reader: DumpReader, choice: DumpChoice): DumpFileContent {
  const [name, facts] = chosen(inspected, choice.database)
  if (!choice.allowUnsafe) assertSafe(inspected.dump.name, facts.dangers)
  const extensions = [...facts.extensions].map(([extension, schema]) => ({ name: extension, version: '', schema }))
  return {
    from: inspected.dump.name,
    was: name,
    rows: new Map([...facts.rows.values()].map(table => [`${table.schema}.${table.name}`, table.count])),
    facts: undefined,
    properties: propertiesOf(facts.made, facts.owner),
    serverVersion: versionNumber(inspected.serverVersion),
    bytes: inspected.dump.bytes,
    // With its indexes; as text, data takes about as much room as in tables.
    sizeBytes: Math.round(facts.bytes * 1.5),
    extensions,
    makeRoles: (access, home, run) => makeRolesOfDump(inspected, facts, access, home, run),
    fill: (access, database, part, run) =>
      fill({ inspected, facts, reader, choice, name }, access, database, part, run),
  }
}

type Facts = DatabaseOfScript & { readonly dangers: readonly Danger[] }

/** The one that is meant; `postgres` and `template1` of a whole server are hardly ever. */
function chosen({ dump, databases }: InspectedDump, wanted: string | undefined): [string, Facts] {
  const all = [...databases]
  if (dump.kind !== 'cluster-script' && all[0]) return all[0]
  const found = all.find(([name]) => name === wanted)
  if (found) return found
  const users = all.filter(([name]) => !['postgres', 'template1'].includes(name))
  if (wanted === undefined && users.length === 1 && users[0]) return users[0]
  throw new RecoveryError(
    'bad-input',
    `${dump.name} is a dump of a whole server${wanted === undefined ? '' : ` and holds no database ${wanted}`}`,
    {
      hint: `name one of its databases: ${all.map(([name]) => name).join(', ')}`,
    },
  )
}

function assertSafe(file: string, dangers: readonly Danger[]): void {
  if (dangers.length === 0) return
  const lines = dangers.slice(0, 5).map(({ line, what }) => `line ${line}: ${what}`)
  const more = dangers.length > 5 ? `; and ${dangers.length - 5} more` : ''
  throw new RecoveryError('file-unsafe', `${file} may do more than fill a database: ${lines.join('; ')}${more}`, {
    hint: 'look at these lines; if you trust where the file comes from, say --allow-unsafe',
  })
}

interface Work {
  readonly inspected: InspectedDump
  readonly facts: Facts
  readonly reader: DumpReader
  readonly choice: DumpChoice
  readonly name: string
}

async function fill(work: Work, access: PostgresAccess, database: string, part: ContentPart, run: Run): Promise<void> {
  const { dump } = work.inspected
  await assertUnchanged(work, run)
  if (dump.kind === 'custom') {
    await access.restoreDump(database, fileBytes(dump.file, dump.compression, run), run, selectionOf(part, dump.bytes))
    if (part === 'whole' || part === 'schema') await applySettings(work, access, database, run)
  } else await runScript(work, access, database, part, run)
  if (part === 'whole') await assertRows(work, access, database, run)
}

/** What was looked through is what is restored. */
async function assertUnchanged({ inspected: { dump, sha256 } }: Work, run: Run): Promise<void> {
  if ((await fingerprint(dump, run)) === sha256) return
  throw new RecoveryError('file-unrecognized', `${dump.name} was changed while it was read`, {
    hint: 'wait until nobody writes to it, then run this again',
  })
}

function selectionOf(part: ContentPart, bytes: number): DumpSelection {
  if (part === 'whole') return { bytes }
  if (part === 'schema') return { sections: ['pre-data', 'post-data'] }
  return part === 'data' ? { sections: ['data'] } : { rowsOf: part.tables }
}

// A transaction keeps a lock for each table and index that it makes; the server's table of locks has room for 6400 as it comes.
const statementsAtOnce = 3000

async function runScript(
  work: Work,
  access: PostgresAccess,
  database: string,
  part: ContentPart,
  run: Run,
): Promise<void> {
  const {
    inspected: { dump },
    facts,
    reader,
  } = work
  const { bytes, finished } = scriptOf(dump, { ...reader, access }, run)
  const oneTransaction = facts.statements - facts.rows.size < statementsAtOnce || facts.rows.size === 0
  await access.execute(database, kept(work, bytes, database, part), { oneTransaction }, run)
  await finished
}

/** What of the script the new database gets. */
async function* kept(
  { inspected: { dump }, choice, name }: Work,
  bytes: AsyncIterable<Uint8Array>,
  into: string,
  part: ContentPart,
): AsyncGenerator<Uint8Array> {
  const isCluster = dump.kind === 'cluster-script'
  const judge = new ScriptJudge({ isCluster, into, part, ...(isCluster ? { database: name } : {}) })
  for await (const piece of readScript(dump.name, bytes)) {
    const { bytes: own, danger, section } = judge.judge(piece)
    if (isCluster && section !== name) continue
    if (danger && !choice.allowUnsafe) assertSafe(dump.name, [danger])
    if (own) yield own
  }
}

/** Settings, comment and privileges of the database itself, which pg_restore does not give to another name. */
async function applySettings(work: Work, access: PostgresAccess, database: string, run: Run): Promise<void> {
  const statements = work.facts.settings.map(statement => statement.into(quoteIdentifier(database)))
  if (statements.length > 0) await access.execute(database, `${statements.join('\n')}\n`, { oneTransaction: true }, run)
}

// As many as make a statement of some kilobytes.
const tablesAtOnce = 50

/** Every table has the rows that the dump has for it. Through a partitioned one, its partitions are filled. */
async function assertRows(
  { inspected: { dump }, facts }: Work,
  access: PostgresAccess,
  database: string,
  run: Run,
): Promise<void> {
  const tables = [...facts.rows.values()]
  for (let at = 0; at < tables.length; at += tablesAtOnce) {
    const some = tables.slice(at, at + tablesAtOnce)
    const counts = await access.query(database, some.map(countSql).join(' UNION ALL '), run)
    for (const { place, own, all } of counts) assertCount(dump.name, some[Number(place)], [Number(own), Number(all)])
    if (counts.length !== some.length)
      throw new Error(`${some.length} tables were asked for, ${counts.length} answered`)
  }
}

type CountedTable = { readonly schema: string; readonly name: string; readonly count: number }

const quoted = ({ schema, name }: CountedTable) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
const countSql = (table: CountedTable, place: number) =>
  `SELECT ${place} AS place, (SELECT count(*) FROM ONLY ${quoted(table)}) AS own, (SELECT count(*) FROM ${quoted(table)}) AS all`

function assertCount(file: string, table: CountedTable | undefined, found: readonly number[]): void {
  if (!table || found.includes(table.count)) return
  throw new RecoveryError(
    'verification-failed',
    `${quoted(table)} has ${found[0]} rows after the restore of ${file}, which has ${table.count}`,
  )
}
