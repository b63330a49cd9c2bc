import { RecoveryError } from '../../domain/errors.ts'

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** Where a server is and how to log in. Holds a secret. */
export interface ConnectionSettings {
  /** A host name or address; a folder (absolute path) for its socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  /** undefined: none was given; the environment or ~/.pgpass may have one. */
  readonly password: string | undefined
  readonly database: string
  readonly sslMode: SslMode
  /** Files, as libpq names them. */
  readonly sslRootCert: string | undefined
  readonly sslCert: string | undefined
  readonly sslKey: string | undefined
}

/**
 * Reads a `postgresql://` URL as libpq does; parameters that libpq does not know (frameworks add some) are ignored.
 * Rejects with bad-input; the message never holds the URL, which may hold a password.
 */
export function parseConnectionUrl(url: string, password?: string): ConnectionSettings {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw badUrl('is no URL of the form postgresql://user@host/database')
  const parameter = (name: string) => parsed.searchParams.get(name) || undefined
  const user = parameter('user') ?? (decoded(parsed.username) || 'postgres')
  return {
    host: parameter('host') ?? (decoded(parsed.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost'),
    port: parsePort(parameter('port') ?? (parsed.port || '5432')),
    user,
    password: parameter('password') ?? (decoded(parsed.password) || password),
    database: parameter('dbname') ?? (decoded(parsed.pathname.slice(1)) || user),
    sslMode: parseSslMode(parameter('sslmode')),
    sslRootCert: parameter('sslrootcert'),
    sslCert: parameter('sslcert'),
    sslKey: parameter('sslkey'),
  }
}

const badUrl = (what: string): RecoveryError =>
  new RecoveryError('bad-input', `the address of the database ${what}`, {
    hint: 'special characters in user, password and database must be percent-encoded',
  })

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badUrl('is not percent-encoded correctly')
  }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw badUrl('has no valid port')
  return port
}

function parseSslMode(text: string | undefined): SslMode {
  const mode = text ?? 'prefer'
  const known = sslModes.find(name => name === mode)
  if (!known) throw badUrl(`has an sslmode that is none of ${sslModes.join(', ')}`)
  return known
}

/** The same for client programs: the environment that libpq reads. */
export const connectionEnvironment = (settings: ConnectionSettings): Record<string, string | undefined> => ({
  PGHOST: settings.host,
  PGHOSTADDR: undefined,
  PGPORT: String(settings.port),
  PGUSER: settings.user,
  PGDATABASE: undefined,
  PGSERVICE: undefined,
  PGSSLMODE: settings.sslMode,
  ...(settings.password === undefined ? {} : { PGPASSWORD: settings.password }),
  ...(settings.sslRootCert ? { PGSSLROOTCERT: settings.sslRootCert } : {}),
  ...(settings.sslCert ? { PGSSLCERT: settings.sslCert } : {}),
  ...(settings.sslKey ? { PGSSLKEY: settings.sslKey } : {}),
})
