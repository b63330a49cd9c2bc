import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { startBaseBackup } from './base-backup/start.ts'
import { clientOperations } from './client-programs.ts'
import { freeHere } from './free-space.ts'
import { askClient } from './connect.ts'
import { parseConnectionUrl } from './connection-settings.ts'
import type { HeldSnapshot, PostgresAccess, Row } from './postgres-access.ts'
import { askHome, askOwnRole, askServerFacts, canStream, noSuperuser } from './server-questions.ts'
import { noCompiling, noTimeouts, ownSearchPath, snapshotBegin, snapshotId } from './snapshot-statements.ts'
import { splitStatements } from './statements.ts'
import { urlClients } from './url-clients.ts'
import { urlStaging } from './url-staging.ts'
import { refusal, urlSessions, type UrlSessions } from './url-sessions.ts'

export interface ByUrlOptions {
  /** postgresql://user@host:port/database. */
  readonly url: string
  /** Where the URL holds none. */
  readonly password?: string
  /** For people; otherwise host and port. */
  readonly name?: string
}

/**
 * A server anywhere: SQL and base backups over its own protocol, dumps by the client programs of this machine.
 * Nothing is connected before something is asked. Rejects with bad-input when the URL cannot be understood.
 */
export function postgresByUrl(options: ByUrlOptions): PostgresAccess {
  let settings = parseConnectionUrl(options.url, options.password)
  const name = options.name ?? `${settings.host}:${settings.port}`
  const applicationName = `aidatavault ${randomUUID().slice(0, 8)}`
  const sessions = urlSessions(() => settings, name, applicationName)
  const askAtHome = (run: Run) => (sql: string) => askAnywhere(sessions, settings.database, sql, run)
  const server = (run: Run) => askServerFacts(askAtHome(run))
  const majorOf = async (run: Run) => Math.floor((await server(run)).version / 10_000)
  const clients = urlClients(() => settings, majorOf, applicationName)
  const programs = clientOperations(clients.start, urlStaging())

  return {
    ...programs,
    name,
    features: async run => ({
      clientPrograms: await clients.fit(run),
      baseBackup: await canStream(askAtHome(run)),
    }),
    user: async run => superuser(name, await askOwnRole(askAtHome(run))),
    actAs: user => void (settings = { ...settings, user }),
    home: (run, not) => askHome(askAtHome(run), not),
    server,
    query: sessions.query,
    reading: sessions.reading,
    execute: async (database, sql, how, run) =>
      typeof sql === 'string'
        ? executeText(sessions, database, sql, how, run)
        : programs.execute(database, sql, how, run),
    withSnapshot: (database, run, use) =>
      sessions.use(database, run, async client => use(await beginSnapshot(client, name))),
    freeSpace: run => freeAt(settings.host, () => server(run), run),
    tryLogin: (credentials, run) => sessions.tryLogin(credentials, run),
    baseBackup: run => startBaseBackup(settings, { name, applicationName }, run),
    close: async () => {
      await clients.close()
      await sessions.close()
    },
  }
}

/** Only of a server on this machine: of another one nothing can be seen. */
async function* freeAt(
  host: string,
  server: () => Promise<{ readonly dataDirectory: string }>,
  run: Run,
): AsyncGenerator<number> {
  const isHere = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
  if (isHere) yield* freeHere((await server()).dataDirectory, run)
}

/** The URL's database need not be there, as before a restore, or may be closed for a moment. */
async function askAnywhere(sessions: UrlSessions, first: string, sql: string, run: Run): Promise<readonly Row[]> {
  let refusal: unknown
  for (const database of new Set([first, 'postgres', 'template1'])) {
    try {
      return await sessions.query(database, sql, run)
    } catch (error) {
      if (!isAboutDatabase(error)) throw error
      refusal ??= error
    }
  }
  throw refusal
}

// No such database (3D000), not accepting connections (55000).
const isAboutDatabase = (error: unknown): boolean =>
  error instanceof RecoveryError &&
  error.code === 'database-unreachable' &&
  error.cause instanceof pg.DatabaseError &&
  ['3D000', '55000'].includes(error.cause.code ?? '')

function superuser(server: string, role: { readonly name: string; readonly superuser: boolean }): string {
  if (!role.superuser) throw noSuperuser(server, role.name)
  return role.name
}

async function executeText(
  sessions: UrlSessions,
  database: string,
  sql: string,
  { oneTransaction }: { readonly oneTransaction: boolean },
  run: Run,
): Promise<void> {
  const statements = splitStatements(sql)
  const all = oneTransaction ? ['BEGIN', ...statements, 'COMMIT'] : statements
  await sessions.use(database, run, async client => {
    for (const statement of [noTimeouts, ...all]) await client.query(statement)
  })
}

async function beginSnapshot(client: pg.Client, name: string): Promise<HeldSnapshot> {
  for (const sql of [ownSearchPath, noTimeouts, noCompiling, snapshotBegin]) await client.query(sql)
  const id = (await askClient(client, snapshotId))[0]?.['id']
  if (!id) throw new RecoveryError('tool-failed', `PostgreSQL ${name} exported no snapshot`)
  const told = async <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw refusal(name, error)
    })
  return {
    id,
    query: sql => told(askClient(client, sql)),
    execute: async sql => void (await told(client.query(sql))),
  }
}
