import { randomUUID } from 'node:crypto'
import type { Run } from '../../domain/run.ts'
import type { RunningProgram } from '../process/program.ts'
import { clientEnvironment, type StartClient } from './client-programs.ts'
import { cleanUpRun, endSessions } from './left-over-sessions.ts'
import type { ServicePlace } from './service-container.ts'
import type { ServiceEnvironment } from './service-environment.ts'
import type { Identity } from './service-superuser.ts'

/** The container of a service, by id, and what its image was told. */
export interface ServiceContainer {
  readonly id: string
  readonly environment: ServiceEnvironment
}

/** Client programs in a service's container. */
export interface ServiceClients {
  /** In this container, as long as it is the one. */
  startAs(who: Identity, container: ServiceContainer): StartClient
  /** Ends those that were not let finish, on both sides; `execute` runs SQL on the server. */
  close(execute: (sql: string, run: Run) => Promise<void>): Promise<void>
}

export function serviceClients(place: ServicePlace): ServiceClients {
  // What runs in a container outlives the `docker` command that started it; by this name the server finds its sessions.
  const label = `aidatavault ${randomUUID().slice(0, 8)}`
  const unfinished = new Set<RunningProgram>()
  const startAs = (who: Identity, container: ServiceContainer): StartClient => {
    const options = execOptions(who, container, label)
    return async (argv, run) => {
      const program = place.compose.exec(place.address, place.service, argv, options, run)
      unfinished.add(program)
      program.finished.then(
        () => unfinished.delete(program),
        () => {},
      )
      return program
    }
  }
  const close: ServiceClients['close'] = async execute => {
    if (unfinished.size === 0) return
    await Promise.all([...unfinished].map(program => program.stop()))
    unfinished.clear()
    await execute(endSessions(label), cleanUpRun()).catch(() => {})
  }
  return { startAs, close }
}

function execOptions({ user, osUser }: Identity, { id, environment }: ServiceContainer, label: string) {
  // The official image lets the local socket in without a password; others ask for it.
  const password = environment['POSTGRES_PASSWORD'] ?? environment['POSTGRESQL_PASSWORD']
  return {
    container: id,
    env: { ...clientEnvironment, PGUSER: user, PGAPPNAME: label, ...(password ? { PGPASSWORD: password } : {}) },
    ...(osUser ? { user: osUser } : {}),
    secrets: password ? [password] : [],
    ...pathTo(environment),
  }
}

/**
 * Debian's images have scripts before the programs themselves on the way, which choose a version, for a twentieth of a
 * second each time: the server's own version is known.
 */
function pathTo({ PG_MAJOR, PATH }: ServiceEnvironment): { readonly path?: string } {
  return PG_MAJOR && PATH ? { path: `/usr/lib/postgresql/${PG_MAJOR}/bin:${PATH}` } : {}
}
