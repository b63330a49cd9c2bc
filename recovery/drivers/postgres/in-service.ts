import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import { clientOperations, questionSession, type StartClient } from './client-programs.ts'
import { loginDirectly } from './direct-login.ts'
import { freeInContainer } from './free-space.ts'
import { keptSessions, type KeptSessions } from './kept-sessions.ts'
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
  const sessions = keptSessions()
  let user = options.user
  // Until it is tried.
  let reachesHere = true
  let found: Promise<Connection> | undefined
  const connection = (run: Run) => {
    const finding = (found ??= find({ ...options, user }, programs, sessions, run))
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
  const query: PostgresAccess['query'] = async (database, sql, run) => {
    const { who, container } = await connection(run)
    const open = () => questionSession(start, database, run)
    return sessions.ask(placeOf({ ...who, database }, container), open, sql, run)
  }
  const clients = { ...clientOperations(start, serviceStaging(start)), query }
  const askAtHome = (run: Run) => async (sql: string) => query((await connection(run)).who.database, sql, run)

  return {
    ...clients,
    reading: sessions.reading,
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
    tryLogin: async (credentials, run) => {
      const direct = () =>
        sessions.reading(run, async () =>
          loginDirectly(options, (await connection(run)).container, credentials, askAtHome(run), run),
        )
      const said = reachesHere ? await direct() : 'unclear'
      if (said === 'works') return true
      reachesHere &&= said !== 'unreachable'
      return loginFromNetwork(options, (await connection(run)).container, credentials, run)
    },
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

/** What a session is good for. */
const placeOf = ({ user, osUser, database }: Identity, { id }: ContainerInspection): string =>
  JSON.stringify([id, osUser, user, database])

/** The session that found the superuser is the one that is asked what comes next. */
async function find(
  options: InServiceOptions,
  programs: ReturnType<typeof serviceClients>,
  sessions: KeptSessions,
  run: Run,
): Promise<Connection> {
  const container = await findServiceContainer(options, run)
  const own: ServiceEnvironment = options.password === undefined ? {} : { POSTGRES_PASSWORD: options.password }
  const environment = { ...own, ...(await serviceEnvironment(options, container, run)) }
  const users = [options.user, environment['POSTGRES_USER'], environment['POSTGRESQL_USERNAME'], 'postgres']
  const startAs = (who: Identity) => programs.startAs(who, { id: container.id, environment })
  const probe = (who: Identity, sql: string) =>
    sessions.ask(placeOf(who, container), () => questionSession(startAs(who), who.database, run), sql, run)
  const who = await findSuperuser(options.service, users, environment, probe)
  return { who, container, start: startAs(who) }
}
