import type { Run } from '../../domain/run.ts'
import { feedProgram } from '../process/feed-program.ts'
import type { RunningProgram } from '../process/program.ts'
import type { HeldSnapshot, OutgoingBytes, PostgresAccess, Row } from './postgres-access.ts'
import { psqlSession, type PsqlSession } from './psql-session.ts'
import { connectionText } from './sql-text.ts'
import { noTimeouts, ownSearchPath, snapshotBegin, snapshotId } from './snapshot-statements.ts'

/** Starts a client program of PostgreSQL where the server can be reached; the connection is in its environment. */
export type StartClient = (argv: readonly string[], run: Run) => Promise<RunningProgram>

/** What PostgreSQL's client programs do for an access, wherever they run. */
export type ClientOperations = Pick<
  PostgresAccess,
  'query' | 'execute' | 'withSnapshot' | 'dump' | 'dumpGlobals' | 'restoreDump'
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

export function clientOperations(start: StartClient): ClientOperations {
  const feed = async (argv: readonly string[], input: string | AsyncIterable<Uint8Array>, run: Run): Promise<void> => {
    const program = await start(argv, run)
    program.stdout.resume()
    await feedProgram({ command: argv[0] ?? '', args: argv.slice(1) }, program, input)
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
    dumpGlobals: run => outgoing(start(['pg_dumpall', '--globals-only', '--no-password'], run)),
    restoreDump: (database, dump, run) => feed([...restoreProgram, inDatabase(database)], dump, run),
  }
}

// Row security hides nothing from a superuser, who fills the tables. But a materialized view is computed as its owner, and
// with row security off the server refuses that where a policy would have a say.
const restoreProgram = ['pg_restore', '--exit-on-error', '--enable-row-security', '--no-password']

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
  await session.query(noTimeouts)
  await session.execute(snapshotBegin)
  const [row] = (await session.query(snapshotId)) as [Row]
  return { id: row['id'] ?? '', query: sql => session.query(sql), execute: sql => session.execute(sql) }
}

/** The output of a program that is being started; stopped when its reader stops early. */
export function outgoing(starting: Promise<RunningProgram>): OutgoingBytes {
  const finished = starting.then(program => program.finished)
  // Whoever reads the bytes learns of a failed start there, too.
  finished.catch(() => {})
  return { bytes: outputOf(starting), finished }
}

async function* outputOf(starting: Promise<RunningProgram>): AsyncGenerator<Uint8Array> {
  const program = await starting
  program.stdin.end()
  let whole = false
  try {
    yield* program.stdout as AsyncIterable<Uint8Array>
    whole = true
  } finally {
    if (!whole) await program.stop()
  }
}
