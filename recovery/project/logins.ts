import { parsePostgresUrl } from './postgres-url.ts'
import type { ApplicationLogin, ProjectServer } from './project.ts'

/** A set of variables with where they come from, for people. */
export interface VariableSet {
  readonly from: string
  readonly variables: Readonly<Record<string, string>>
}

/** A server with every address an application can know it by. */
export interface ServerAddress {
  readonly server: ProjectServer
  /** Names in the project's networks; host names of a server by URL. Lower case. */
  readonly hosts: ReadonlySet<string>
  /** Ports it is published on here, or its own where it is reached by URL. */
  readonly ports: ReadonlySet<number>
}

/** The logins in the variables: URLs, and sets such as PG…, POSTGRES_…, DB_… that name a server as their host. Each once. */
export function findLogins(sets: readonly VariableSet[], servers: readonly ServerAddress[]): ApplicationLogin[] {
  const logins = sets.flatMap(({ from, variables }) =>
    Object.entries(variables).flatMap(([name, value]) => {
      const login = urlLogin(name, value, variables, servers) ?? hostLogin(name, value, variables, servers)
      return login ? [{ ...login, from: `${from}, ${name}` }] : []
    }),
  )
  return firstOfEach([...logins, ...servers.flatMap(({ server }) => ownLogin(server))])
}

/** What made the server; often the application has no other. */
function ownLogin({ name, access, environment }: ProjectServer): ApplicationLogin[] {
  const { user, password, database } = environment
  if (access !== 'service' || password === undefined) return []
  return [{ server: name, user, password, database, from: `service ${name}, its own environment` }]
}

function firstOfEach(logins: readonly ApplicationLogin[]): ApplicationLogin[] {
  const keyOf = ({ server, user, password, database }: ApplicationLogin) =>
    JSON.stringify([server, user, password, database])
  const first = new Map<string, ApplicationLogin>()
  for (const login of logins) if (!first.has(keyOf(login))) first.set(keyOf(login), login)
  return [...first.values()]
}

type Login = Omit<ApplicationLogin, 'from'>
type Variables = VariableSet['variables']

function urlLogin(
  name: string,
  value: string,
  variables: Variables,
  servers: readonly ServerAddress[],
): Login | undefined {
  const url = parsePostgresUrl(value)
  const server = url?.hosts.map(({ host, port }) => serverAt(servers, host, port)).find(Boolean)
  if (!url || !server) return undefined
  // Spring, Keycloak and others keep user and password beside the URL.
  const beside = partsOf(name.replace(/_?(JDBC_)?(URL|URI|DSN)$/i, ''), variables)
  const user = url.user ?? beside.user
  const password = url.password ?? beside.password
  if (user === undefined || password === undefined) return undefined
  return { server: server.name, user, password, database: url.database ?? beside.database ?? user }
}

const hostSuffix = /_?(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/i

function hostLogin(
  name: string,
  value: string,
  variables: Variables,
  servers: readonly ServerAddress[],
): Login | undefined {
  if (!hostSuffix.test(name)) return undefined
  const match = /^(\[[^\]]+\]|[^:/]+)(?::(\d+))?$/.exec(value)
  const server = match ? serverAt(servers, match[1]!, match[2] === undefined ? undefined : Number(match[2])) : undefined
  if (!server) return undefined
  const { user, password, database } = partsOf(name.replace(hostSuffix, ''), variables)
  if (password === undefined) return undefined
  const login = user ?? server.environment.user
  return { server: server.name, user: login, password, database: database ?? server.environment.database }
}

/** A loopback name reaches a server only through a port that it publishes. */
function serverAt(
  servers: readonly ServerAddress[],
  host: string,
  port: number | undefined,
): ProjectServer | undefined {
  const name = host.toLowerCase()
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|::1|host\.docker\.internal)$/.test(name)
  const found = servers.find(
    ({ server, hosts, ports }) =>
      (hosts.has(name) && (server.access === 'service' || ports.has(port ?? 5432))) ||
      (isHere && ports.has(port ?? 5432)),
  )
  return found?.server
}

const users = ['USER', 'USERNAME', 'LOGIN', 'ROLE']
const passwords = ['PASSWORD', 'PASS', 'PASSWD', 'PWD']
const databases = ['DATABASE', 'DB', 'DBNAME', 'DB_NAME', 'DATABASE_NAME', 'NAME']
const families = ['PG', 'POSTGRES', 'POSTGRESQL', 'DB', 'DATABASE']

interface Parts {
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
}

/** User, password and database that belong to a prefix; what it lacks may stand under a name everybody uses. */
function partsOf(prefix: string, variables: Variables): Parts {
  const upper = new Map(Object.entries(variables).map(([name, value]) => [name.toUpperCase(), value]))
  const find = (names: readonly string[]) => {
    for (const family of [...(prefix === '' ? [] : [prefix.toUpperCase()]), ...families])
      for (const name of names)
        for (const joint of ['', '_']) {
          const value = upper.get(family + joint + name)
          if (value) return value
        }
    return undefined
  }
  return { user: find(users), password: find(passwords), database: find(databases) }
}
