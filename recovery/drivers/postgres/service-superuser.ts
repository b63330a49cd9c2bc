import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Row } from './postgres-access.ts'
import { askOwnRole, noSuperuser } from './server-questions.ts'
import type { ServiceEnvironment } from './service-environment.ts'

/** As whom a client program runs in the container, and as whom it logs in. */
export interface Identity {
  readonly user: string
  /** The user of the container's system; undefined: its default. `peer` authentication wants a certain one. */
  readonly osUser: string | undefined
  /** Where it was let in. */
  readonly database: string
}

export type Probe = (who: Identity, sql: string) => Promise<readonly Row[]>

/**
 * The first of the roles that logs in and is a superuser. The environment's POSTGRES_USER need not be one: it made the
 * data directory only if that was empty then.
 */
export async function findSuperuser(
  service: string,
  users: readonly (string | undefined)[],
  environment: ServiceEnvironment,
  probe: Probe,
): Promise<Identity> {
  let refusal: unknown
  let weak: string | undefined
  for (const who of identities(users, environment)) {
    try {
      const role = await askOwnRole(sql => probe(who, sql))
      if (role.superuser) return who
      weak = role.name
    } catch (error) {
      if (error instanceof RecoveryError && error.code !== 'tool-failed') throw error
      refusal ??= error
    }
  }
  if (weak !== undefined) throw noSuperuser(service, weak)
  throw unreachable(service, refusal)
}

function identities(users: readonly (string | undefined)[], environment: ServiceEnvironment): Identity[] {
  const known = [...new Set(users.filter(user => user !== undefined && user !== ''))] as string[]
  const databases = [...new Set(['postgres', 'template1', environment['POSTGRES_DB'] ?? 'postgres'])]
  return [undefined, 'postgres'].flatMap(osUser =>
    databases.flatMap(database => known.map(user => ({ user, osUser, database }))),
  )
}

const unreachable = (service: string, cause: unknown): RecoveryError =>
  new RecoveryError('database-unreachable', `PostgreSQL ${service} lets no superuser in: ${messageOf(cause)}`, {
    hint: `name the superuser in aidatavault.yml: databases.${service}.user, or give databases.${service}.url`,
    cause,
  })
