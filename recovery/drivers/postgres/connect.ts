import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { clientEnvironment } from './client-programs.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { Row } from './postgres-access.ts'

export interface ConnectOptions {
  readonly applicationName: string
  readonly signal: AbortSignal
  /** A session that also takes replication commands. */
  readonly replication?: boolean
  /** How long to wait for the connection, the login included; as long as the system does where it is left out. */
  readonly timeoutMs?: number
}

/** Opens a session. Rejects with database-unreachable. Whoever opens it ends it with `disconnect`. */
export async function connect(settings: ConnectionSettings, options: ConnectOptions): Promise<pg.Client> {
  options.signal.throwIfAborted()
  const attempts = tlsAttempts(settings)
  for (const [index, ssl] of attempts.entries()) {
    try {
      return await open(settings, options, ssl)
    } catch (error) {
      if (index + 1 < attempts.length && !isAnswer(error) && !options.signal.aborted) continue
      throw unreachable(settings, error)
    }
  }
  throw unreachable(settings, undefined)
}

/** The server spoke: another kind of connection would change nothing. */
const isAnswer = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && !(error.code ?? '').startsWith('28') && error.code !== undefined

async function open(
  settings: ConnectionSettings,
  options: ConnectOptions,
  ssl: ConnectionOptions | false,
): Promise<pg.Client> {
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    ...(settings.password === undefined ? {} : { password: settings.password }),
    database: settings.database,
    ssl,
    keepAlive: true,
    application_name: options.applicationName,
    options: `${clientEnvironment.PGOPTIONS} -c client_encoding=UTF8`,
    ...(options.timeoutMs ? { connectionTimeoutMillis: options.timeoutMs } : {}),
    ...(options.replication ? { replication: 'database' } : {}),
  })
  // A broken connection fails the query that is running; there is nobody else to tell.
  client.on('error', () => {})
  const drop = () => dropConnection(client)
  options.signal.addEventListener('abort', drop, { once: true })
  client.once('end', () => options.signal.removeEventListener('abort', drop))
  await client.connect()
  return client
}

/** Breaks the connection off; what was asked is never answered. */
export const dropConnection = (client: pg.Client): void => void client.connection.stream.destroy()

/** Ends a session, well or not. */
export const disconnect = async (client: pg.Client): Promise<void> => {
  await client.end().catch(() => {})
}

/** libpq's meaning of each sslmode; without a certificate to check against, encryption alone. */
function tlsAttempts(settings: ConnectionSettings): (ConnectionOptions | false)[] {
  if (settings.host.startsWith('/') || settings.sslMode === 'disable') return [false]
  const tls = tlsOptions(settings)
  if (settings.sslMode === 'allow') return [false, tls]
  return settings.sslMode === 'prefer' ? [tls, false] : [tls]
}

function tlsOptions({ sslMode, sslRootCert, sslCert, sslKey }: ConnectionSettings): ConnectionOptions {
  const verifies = sslMode.startsWith('verify') || (sslMode === 'require' && sslRootCert !== undefined)
  return {
    rejectUnauthorized: verifies,
    ...(sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
    ...(sslRootCert && sslRootCert !== 'system' ? { ca: readFileSync(sslRootCert) } : {}),
    ...(sslCert ? { cert: readFileSync(sslCert) } : {}),
    ...(sslKey ? { key: readFileSync(sslKey) } : {}),
  }
}

const unreachable = ({ host, port, user, database }: ConnectionSettings, error: unknown): RecoveryError =>
  new RecoveryError(
    'database-unreachable',
    `PostgreSQL at ${host.includes(':') ? `[${host}]` : host}:${port} does not let ${user} into ${database}: ${reasonOf(error)}`,
    { hint: 'check that the server runs, and the address, user and password it is reached with', cause: error },
  )

/** Node gives the attempts at several addresses as an error without a message. */
const reasonOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error)

/** Rows of one statement, every value as the server's text. */
export async function askClient(client: pg.Client, sql: string): Promise<Row[]> {
  const { rows } = await client.query<Row>({ text: sql, types: { getTypeParser: () => asText } })
  return rows
}

const asText = (value: string): string => value
