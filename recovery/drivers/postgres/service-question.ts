import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import { clientOperations } from './client-programs.ts'
import type { Row } from './postgres-access.ts'
import { serviceClients } from './service-clients.ts'
import type { ServicePlace } from './service-container.ts'
import { serviceStaging } from './service-staging.ts'

/** A server whose container is known already. */
export interface KnownService extends ServicePlace {
  readonly container: ContainerInspection
  readonly user: string
}

/**
 * Rows of one SELECT that any role may ask, in one round trip: nobody looks for the container or for a superuser first.
 * Rejects where this role is not let in as simply as that; the whole access may still find a way.
 */
export async function askKnownService(place: KnownService, sql: string, run: Run): Promise<readonly Row[]> {
  const { container, user } = place
  const who = { user, osUser: undefined, database: 'postgres' }
  const start = serviceClients(place).startAs(who, { id: container.id, environment: container.env })
  return clientOperations(start, serviceStaging(start)).query(who.database, sql, run)
}
