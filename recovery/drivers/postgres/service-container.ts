import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { Compose, ComposeAddress } from '../docker/compose.ts'
import type { ContainerEngine, ContainerInspection } from '../docker/container-engine.ts'

/** Where a server runs: one service of a Compose project. */
export interface ServicePlace {
  readonly compose: Compose
  readonly engine: ContainerEngine
  readonly address: ComposeAddress
  readonly service: string
}

/** The running container of the service. Rejects with database-unreachable when there is none. */
export async function findServiceContainer(place: ServicePlace, run: Run): Promise<ContainerInspection> {
  // An address that was found out holds the name that Compose itself gave.
  const name = place.address.projectName ?? (await place.compose.resolve(place.address, run)).name
  const labels = {
    'com.docker.compose.project': name,
    'com.docker.compose.service': place.service,
    'com.docker.compose.oneoff': 'False',
  }
  const containers = await place.engine.listContainers(labels, run)
  const running = containers.find(container => container.running)
  if (running) return running
  throw new RecoveryError('database-unreachable', `PostgreSQL ${place.service} is not running`, {
    hint: `start it with: docker compose up --detach --wait ${place.service}`,
  })
}
