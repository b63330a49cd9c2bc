/** What a URL for PostgreSQL says; absent parts are undefined. Holds a secret. */
export interface PostgresUrl {
  /** One or several, each with its port. */
  readonly hosts: readonly { readonly host: string; readonly port: number | undefined }[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  /** What stands behind the '?', as it stands there. */
  readonly query: string
}

// postgres://, postgresql://, jdbc:postgresql://, postgresql+asyncpg://, postgis://, ecto://, … as frameworks spell them.
const form =
  /^(?:jdbc:)?(?:postgres(?:ql)?|psql|pgsql|postgis|timescale(?:db)?|timescalegis|ecto)(?:\+[\w.-]+)?:\/\/([^?#]*)(?:\?([^#]*))?/i

/** Parses a URL that names a PostgreSQL database; undefined for any other text. A password may hold unescaped '@', ':' and '/'. */
export function parsePostgresUrl(text: string): PostgresUrl | undefined {
  const match = form.exec(text.trim())
  if (!match) return undefined
  const [, rest = '', queryText = ''] = match
  const query = new URLSearchParams(queryText)
  const at = rest.lastIndexOf('@')
  const [login, place] = [rest.slice(0, Math.max(at, 0)), rest.slice(at + 1)]
  const colon = login.indexOf(':')
  const slash = place.indexOf('/')
  return {
    hosts: hostsOf(decoded(query.get('host') ?? (slash < 0 ? place : place.slice(0, slash)))),
    user: (colon < 0 ? decoded(login) : decoded(login.slice(0, colon))) || query.get('user') || undefined,
    password: (colon < 0 ? '' : decoded(login.slice(colon + 1))) || query.get('password') || undefined,
    database: (slash < 0 ? '' : decoded(place.slice(slash + 1))) || query.get('dbname') || undefined,
    query: queryText,
  }
}

const hostsOf = (text: string): PostgresUrl['hosts'] =>
  text.split(',').map(one => {
    const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(one)
    return { host: match?.[1] ?? one, port: match?.[2] === undefined ? undefined : Number(match[2]) }
  })

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone '%' stands for itself.
    return text
  }
}

/** The same as a plain postgresql:// URL, percent-encoded; of several hosts the first. */
export function encodePostgresUrl({ hosts, user, password, database, query }: PostgresUrl): string {
  const { host, port } = hosts[0] ?? { host: '', port: undefined }
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const login = user === undefined ? '' : `${encodeURIComponent(user)}${secret}@`
  const parameters = new URLSearchParams(query)
  if (user === undefined && password !== undefined) parameters.set('password', password)
  // The folder of a socket has its place among the parameters.
  if (host.startsWith('/')) parameters.set('host', host)
  const place = `${host.startsWith('/') ? 'localhost' : host}${port === undefined ? '' : `:${port}`}`
  const behind = parameters.size > 0 ? `?${parameters}` : ''
  return `postgresql://${login}${place}/${encodeURIComponent(database ?? '')}${behind}`
}
