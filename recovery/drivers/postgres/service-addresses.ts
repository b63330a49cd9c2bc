import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import type { ServicePlace } from './service-container.ts'

/** Where a server in a container may be reached from this machine, likeliest first. */
export interface ServiceAddress {
  readonly host: string
  readonly port: number
}

const everywhere = new Set(['', '0.0.0.0', '::'])

const portOf = ({ env }: ContainerInspection): number => Number(env['PGPORT'] ?? 5432)

/** The container's own addresses on its networks; none where the engine runs on another machine. */
export async function ownAddresses(
  { engine }: ServicePlace,
  container: ContainerInspection,
  run: Run,
): Promise<ServiceAddress[]> {
  if ((await engine.facts(run)).isRemote) return []
  return container.addresses.map(host => ({ host, port: portOf(container) }))
}

/** The same, and the ports that it publishes. */
export async function serviceAddresses(
  place: ServicePlace,
  container: ContainerInspection,
  run: Run,
): Promise<ServiceAddress[]> {
  if ((await place.engine.facts(run)).isRemote) return []
  const ports = container.published.filter(bound => bound.port === portOf(container))
  return [
    ...(await ownAddresses(place, container, run)),
    ...ports.map(({ hostIp, hostPort }) => ({ host: everywhere.has(hostIp) ? '127.0.0.1' : hostIp, port: hostPort })),
  ]
}
