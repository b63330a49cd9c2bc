import pg from 'pg'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { cleanUpRun, endSessions } from './left-over-sessions.ts'
import { askClient, connect, disconnect } from './connect.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import { keptSessions, type KeptSessions, type QuestionSession } from './kept-sessions.ts'
import type { Credentials } from './network-login.ts'
import type { Row } from './postgres-access.ts'
import { noCompiling, noTimeouts, ownSearchPath } from './snapshot-statements.ts'

/** Sessions with a server, one a call but for `reading`: an idle one would stand in the way when its database is renamed or dropped. */
export interface UrlSessions {
  use<T>(database: string, run: Run, work: (client: pg.Client) => Promise<T>): Promise<T>
  query(database: string, sql: string, run: Run): Promise<readonly Row[]>
  /** See `PostgresAccess.reading`. */
  reading: KeptSessions['reading']
  tryLogin(credentials: Credentials, run: Run): Promise<boolean>
  close(): Promise<void>
}

export function urlSessions(settings: () => ConnectionSettings, name: string, applicationName: string): UrlSessions {
  let interrupted = false
  const use: UrlSessions['use'] = async (database, run, work) => {
    const client = await connect({ ...settings(), database }, { applicationName, signal: run.signal })
    try {
      return await work(client)
    } catch (error) {
      interrupted ||= run.signal.aborted
      throw failure(name, error, run)
    } finally {
      await disconnect(client)
    }
  }
  const open = async (database: string, run: Run): Promise<QuestionSession> => {
    const client = await connect({ ...settings(), database }, { applicationName, signal: run.signal })
    const told = <T>(answer: Promise<T>) =>
      answer.catch((error: unknown) => {
        interrupted ||= run.signal.aborted
        throw failure(name, error, run)
      })
    const stop = () => {
      interrupted = true
      return disconnect(client)
    }
    await told(client.query(`${ownSearchPath} ${noTimeouts}; ${noCompiling}`)).catch(async (error: unknown) => {
      await stop()
      throw error
    })
    return { query: sql => told(askClient(client, sql)), close: () => disconnect(client), stop }
  }
  const kept = keptSessions()
  return {
    use,
    query: (database, sql, run) =>
      kept.ask(JSON.stringify([settings().user, database]), () => open(database, run), sql, run),
    reading: kept.reading,
    tryLogin: (credentials, run) => tryLogin({ ...settings(), ...credentials }, applicationName, run),
    close: async () => {
      if (!interrupted) return
      // The server notices a broken connection only when it has something to say.
      const endAll = (client: pg.Client) => client.query(endSessions(applicationName))
      await use(settings().database, cleanUpRun(), endAll).catch(() => {})
    },
  }
}

function failure(name: string, error: unknown, run: Run): unknown {
  if (run.signal.aborted) return new RecoveryError('interrupted', `the work on PostgreSQL ${name} was stopped`)
  return refusal(name, error)
}

/** What the server answered, or that it answers no more, as an error of this room; another error as it is. */
export function refusal(name: string, error: unknown): unknown {
  if (error instanceof pg.DatabaseError)
    return new RecoveryError('tool-failed', `PostgreSQL ${name} refused: ${described(error)}`, { cause: error })
  if (isBrokenConnection(error))
    return new RecoveryError(
      'database-unreachable',
      `the connection to PostgreSQL ${name} broke: ${messageOf(error)}`,
      {
        hint: 'look into its log for the reason, then run the same command again',
        cause: error,
      },
    )
  return error
}

// The driver knows no class of errors for it.
const isBrokenConnection = (error: unknown): boolean =>
  error instanceof Error &&
  (/^(Connection terminated|Client (was closed|has encountered a connection error))/.test(error.message) ||
    ('syscall' in error && /^(ECONNRESET|EPIPE|ETIMEDOUT)$/.test(String('code' in error && error.code))))

const described = ({ message, detail }: pg.DatabaseError): string => (detail ? `${message} (${detail})` : message)

// Refused: invalid authorization (28), no such database (3D), no right to connect (42501).
const refusals = /^(28|3D|42501)/

async function tryLogin(settings: ConnectionSettings, applicationName: string, run: Run): Promise<boolean> {
  try {
    await disconnect(await connect(settings, { applicationName, signal: run.signal }))
    return true
  } catch (error) {
    const cause = error instanceof RecoveryError ? error.cause : error
    if (cause instanceof pg.DatabaseError && refusals.test(cause.code ?? '')) return false
    if (/password must be a string/i.test(messageOf(cause))) return false
    throw error
  }
}
