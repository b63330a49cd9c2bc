import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import { clientOperations, type StartClient } from './client-programs.ts'
import { freeInContainer } from './free-space.ts'
import { loginFromNetwork } from './network-login.ts'
import type { PostgresAccess } from './postgres-access.ts'
import { askHome, askServerFacts, canStream } from './server-questions.ts'
import { serviceBaseBackup } from './service-base-backup.ts'
import { serviceClients } from './service-clients.ts'
import { findServiceContainer, type ServicePlace } from './service-container.ts'
import { serviceEnvironment, type ServiceEnvironment } from './service-environment.ts'
import { serviceStaging } from './service-staging.ts'
import { findSuperuser, type Identity } from './service-superuser.ts'

export interface InServiceOptions extends ServicePlace {
  /** The superuser, where it is known; otherwise it is found. */
  readonly user?: string | undefined
  /** Of the superuser, where the container's environment has none. */
  readonly password?: string | undefined
}

interface Connection {
  readonly who: Identity
  readonly container: ContainerInspection
  readonly start: StartClient
}

/**
 * A server in a running Compose service, through the container's own client programs over its local socket: they always
 * fit the server, and nothing needs to be published.
 */
export function postgresInService(options: InServiceOptions): PostgresAccess {
  const programs = serviceClients(options)
  let user = options.user
  let found: Promise<Connection> | undefined
  const connection = (run: Run) => {
    const finding = (found ??= find(options, user, programs, run))
    // A server that was still starting may be asked again.
    finding.catch(() => (found = found === finding ? undefined : found))
    return finding
  }
  const start: StartClient = async (argv, run) => {
    const finding = connection(run)
    const program = await (await finding).start(argv, run)
    // Another container may have taken its place.
    program.finished.catch((error: unknown) => {
      if (/no such container|is not running/i.test(messageOf(error))) found = found === finding ? undefined : found
    })
    return program
  }
  const clients = clientOperations(start, serviceStaging(start))
  const askAtHome = (run: Run) => async (sql: string) => clients.query((await connection(run)).who.database, sql, run)

  return {
    ...clients,
    name: options.service,
    features: async run => ({ clientPrograms: true, baseBackup: await canStream(askAtHome(run)) }),
    user: async run => (await connection(run)).who.user,
    actAs: name => {
      user = name
      found = undefined
    },
    home: (run, not) => askHome(askAtHome(run), not),
    server: run => askServerFacts(askAtHome(run)),
    freeSpace: run => freeUnder(start, () => askServerFacts(askAtHome(run)), run),
    tryLogin: async (credentials, run) =>
      loginFromNetwork(options, (await connection(run)).container, credentials, run),
    baseBackup: async run => serviceBaseBackup({ place: options, ...(await connection(run)), clients }, run),
    close: () =>
      programs.close(async (sql, run) =>
        clients.execute(await homeOf(connection, run), sql, { oneTransaction: false }, run),
      ),
  }
}

async function* freeUnder(
  start: StartClient,
  server: () => Promise<{ readonly dataDirectory: string }>,
  run: Run,
): AsyncGenerator<number> {
  yield* freeInContainer(start, (await server()).dataDirectory, run)
}

const homeOf = async (connection: (run: Run) => Promise<{ who: Identity }>, run: Run): Promise<string> =>
  (await connection(run)).who.database

async function find(
  options: InServiceOptions,
  user: string | undefined,
  programs: ReturnType<typeof serviceClients>,
  run: Run,
): Promise<Connection> {
  const container = await findServiceContainer(options, run)
  const own: ServiceEnvironment = options.password === undefined ? {} : { POSTGRES_PASSWORD: options.password }
  const environment = { ...own, ...(await serviceEnvironment(options, container, run)) }
  const users = [user, environment['POSTGRES_USER'], environment['POSTGRESQL_USERNAME'], 'postgres']
  const probe = (who: Identity, sql: string) => {
    const start = programs.startAs(who, { id: container.id, environment })
    return clientOperations(start, serviceStaging(start)).query(who.database, sql, run)
  }
  const who = await findSuperuser(options.service, users, environment, probe)
  return { who, container, start: programs.startAs(who, { id: container.id, environment }) }
}
