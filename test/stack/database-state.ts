import { must } from './run.ts'

/** A PostgreSQL server in a container, asked with its own programs. */
export interface Server {
  readonly container: string
  readonly user: string
}

const inServer = ({ container }: Server, argv: readonly string[], input?: string) =>
  must(['docker', 'exec', '--interactive', container, ...argv], input === undefined ? {} : { input })

/** Rows of one query, unaligned. */
export async function ask(server: Server, database: string, sql: string): Promise<string> {
  const psql = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-U', server.user, '-d', database, '-f', '-']
  return (await inServer(server, psql, sql)).stdout.trimEnd()
}

/**
 * Everything pg_dump and pg_dumpall say of a server: the roles, and each database with its own settings, owners and
 * grants, its objects and its rows. Only what differs from dump to dump of one and the same server is left out: the
 * random key of \restrict.
 */
export async function serverState(server: Server): Promise<Record<string, string>> {
  const globals = await inServer(server, ['pg_dumpall', '-U', server.user, '--globals-only'])
  const state: Record<string, string> = {
    globals: comparable(globals.output),
    settings: await ask(server, 'template1', settings),
  }
  const names = await ask(server, 'template1', 'SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1')
  for (const database of names.split('\n')) {
    const dump = await inServer(server, ['pg_dump', '-U', server.user, '--create', '-d', connection(database)])
    state[`database ${database}`] = comparable(dump.output)
    state[`sequences of ${database}`] = await ask(server, database, sequences)
  }
  return state
}

/** A name with odd characters would be read as a connection string. */
const connection = (database: string) => `dbname='${database.replace(/[\\']/g, '\\$&')}'`

const comparable = (dump: Buffer) => dump.toString('latin1').replace(/^\\(un)?restrict .*$/gm, '')

const settings = `
  SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'configuration file' ORDER BY 1`

const sequences = `
  SELECT format('%I.%I %s', schemaname, sequencename, last_value) FROM pg_sequences ORDER BY 1`

/** Whether an application in another container logs in, over the network, as it does. */
export async function logsIn(network: string, image: string, login: Record<string, string>): Promise<string> {
  const env = Object.keys(login).flatMap(name => ['--env', name])
  const psql = ['--entrypoint', 'psql', image, '-XqAt', '-c', 'SELECT current_user']
  const result = await must(['docker', 'run', '--rm', '--network', network, ...env, ...psql], { env: login })
  return result.stdout.trim()
}
