import type { Run } from '../../domain/run.ts'
import { feedProgram } from '../process/feed-program.ts'
import { outputOf } from '../process/program-output.ts'
import type { RunningProgram } from '../process/program.ts'
import type { DumpSelection, HeldSnapshot, OutgoingBytes, PostgresAccess, Row } from './postgres-access.ts'
import type { QuestionSession } from './kept-sessions.ts'
import { psqlSession, type PsqlSession } from './psql-session.ts'
import { dumpTablesArguments, selectionArguments } from './dump-arguments.ts'
import { connectionText } from './sql-text.ts'
import type { Staging } from './staging.ts'
import { noCompiling, noTimeouts, ownSearchPath, snapshotBegin, snapshotId } from './snapshot-statements.ts'

/** Starts a client program of PostgreSQL where the server can be reached; the connection is in its environment. */
export type StartClient = (argv: readonly string[], run: Run) => Promise<RunningProgram>

/** What PostgreSQL's client programs do for an access, wherever they run. */
export type ClientOperations = Pick<
  PostgresAccess,
  | 'query'
  | 'execute'
  | 'withSnapshot'
  | 'dump'
  | 'dumpSchema'
  | 'dumpTables'
  | 'copyOut'
  | 'dumpGlobals'
  | 'restoreDump'
  | 'dumpScript'
  | 'clientOutput'
  | 'removeStaged'
>

/** The environment of every client: UTF-8 both ways, and nothing that a role or database sets may cut the work short. */
export const clientEnvironment = {
  PGCLIENTENCODING: 'UTF8',
  PGOPTIONS: [
    'default_transaction_read_only=off',
    'statement_timeout=0',
    'lock_timeout=0',
    'idle_in_transaction_session_timeout=0',
    'client_min_messages=warning',
    'row_security=off',
  ]
    .map(setting => `-c ${setting}`)
    .join(' '),
} as const

const inDatabase = (name: string) => `--dbname=${connectionText({ dbname: name })}`

/** psql for scripts from stdin: no file of the user's own, silent, stops at the first error. */
export const psqlArguments = (database: string, more: readonly string[] = []): readonly string[] => [
  ...['psql', '--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', ...more],
  ...[inDatabase(database), '--file=-'],
]

const dumpArguments = (database: string, snapshot: string) => [
  ...['pg_dump', '--format=custom', '--compress=0', '--no-password'],
  ...[`--snapshot=${snapshot}`, inDatabase(database)],
]

const copyArguments = (database: string, source: string) => [
  ...['psql', '--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', inDatabase(database)],
  `--command=COPY ${source} TO STDOUT`,
]

const dumpSchemaArguments = (database: string) => [
  ...['pg_dump', '--format=custom', '--compress=0', '--schema-only', '--no-password', inDatabase(database)],
]

// Below, laying the dump down takes longer than the jobs spare.
const worthStagingBytes = 32 * 1024 * 1024

/** How many jobs restore a dump; 1: from the stream, without laying it down. */
async function jobsFor(staging: Staging, { bytes = 0, sections, rowsOf }: DumpSelection, run: Run): Promise<number> {
  if (bytes < worthStagingBytes || sections || rowsOf) return 1
  const { freeBytes, processors } = await staging.room(run)
  return freeBytes > 2 * bytes ? Math.max(1, Math.min(8, processors)) : 1
}

/** `staging` is where a dump can be laid down for a restore by several jobs. */
export function clientOperations(start: StartClient, staging: Staging): ClientOperations {
  const feed = async (
    argv: readonly string[],
    input: string | AsyncIterable<Uint8Array>,
    run: Run,
    leavesRest = false,
  ): Promise<void> => {
    const program = await start(argv, run)
    program.stdout.resume()
    await feedProgram({ command: argv[0] ?? '', args: argv.slice(1) }, program, input, { leavesRest })
  }
  const restoreDump: ClientOperations['restoreDump'] = async (database, dump, run, selection = {}) => {
    const argv = [...restoreProgram, ...selectionArguments(selection), inDatabase(database)]
    const jobs = await jobsFor(staging, selection, run)
    // Without data, all it needs stands at the beginning of the dump.
    if (jobs === 1) return feed(argv, dump, run, selection.sections?.includes('data') === false)
    try {
      const file = await staging.put(database, dump, run)
      await feed([...argv, `--jobs=${jobs}`, file], '', run)
    } finally {
      await staging.remove(database, run)
    }
  }
  return {
    query: (database, sql, run) => withSession(start, database, run, session => session.query(sql)),
    execute: (database, sql, { oneTransaction }, run) => {
      const script = typeof sql === 'string' ? `${noTimeouts};\n${sql}` : sql
      return feed(psqlArguments(database, oneTransaction ? ['--single-transaction'] : []), script, run)
    },
    withSnapshot: (database, run, use) =>
      withSession(start, database, run, async session => use(await beginSnapshot(session))),
    dump: (database, snapshot, run) => outgoing(start(dumpArguments(database, snapshot), run)),
    dumpSchema: (database, run) => outgoing(start(dumpSchemaArguments(database), run)),
    dumpTables: (database, tables, run) => outgoing(start([...dumpTablesArguments(tables), inDatabase(database)], run)),
    copyOut: (database, source, run) => outgoing(start(copyArguments(database, source), run)),
    dumpGlobals: run => outgoing(start(['pg_dumpall', '--globals-only', '--no-password'], run)),
    restoreDump,
    dumpScript: (dump, run) => outgoing(start(scriptProgram, run), dump),
    clientOutput: (argv, run, input) => outgoing(start(argv, run), input),
    removeStaged: (database, run) => staging.remove(database, run),
  }
}

// Row security hides nothing from a superuser, who fills the tables. But a materialized view is computed as its owner, and
// with row security off the server refuses that where a policy would have a say.
const restoreProgram = ['pg_restore', '--exit-on-error', '--enable-row-security', '--no-password']

const scriptProgram = ['pg_restore', '--schema-only', '--file=-']

/** A psql that answers questions as long as it is kept, however long it idles in between. */
export async function questionSession(start: StartClient, database: string, run: Run): Promise<QuestionSession> {
  const program = await start(psqlArguments(database), run)
  const session = psqlSession(program)
  try {
    await session.execute(`${ownSearchPath} ${noTimeouts}; ${noCompiling};`)
  } catch (error) {
    await program.stop()
    throw error
  }
  return { query: sql => session.query(sql), close: () => session.close(), stop: () => program.stop() }
}

async function withSession<T>(
  start: StartClient,
  database: string,
  run: Run,
  use: (session: PsqlSession) => Promise<T>,
): Promise<T> {
  const program = await start(psqlArguments(database), run)
  const session = psqlSession(program)
  try {
    await session.execute(ownSearchPath)
    const result = await use(session)
    await session.close()
    return result
  } catch (error) {
    await program.stop()
    throw error
  }
}

async function beginSnapshot(session: PsqlSession): Promise<HeldSnapshot> {
  await session.execute(`${noTimeouts}; ${noCompiling}; ${snapshotBegin}`)
  const [row] = (await session.query(snapshotId)) as [Row]
  return { id: row['id'] ?? '', query: sql => session.query(sql), execute: sql => session.execute(sql) }
}

/** The output of a program that is being started; stopped when its reader stops early. It need not read all `input`. */
export function outgoing(starting: Promise<RunningProgram>, input?: AsyncIterable<Uint8Array>): OutgoingBytes {
  const finished = starting.then(program =>
    input ? feedProgram({ command: 'pg_restore', args: [] }, program, input, { leavesRest: true }) : program.finished,
  )
  // Whoever reads the bytes learns of a failed start there, too.
  finished.catch(() => {})
  return { bytes: outputOf(starting, input !== undefined), finished }
}
