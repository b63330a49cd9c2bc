import type { Run } from '../../domain/run.ts'
import type { ContainerInspection } from '../docker/container-engine.ts'
import type { ServicePlace } from './service-container.ts'

/** Where a server in a container may be reached from this machine, likeliest first. */
export interface ServiceAddress {
  readonly host: string
  readonly port: number
}

const everywhere = new Set(['', '0.0.0.0', '::'])

/** The container's own addresses, and the ports that it publishes; none where the engine runs on another machine. */
export async function serviceAddresses(
  { engine }: ServicePlace,
  { addresses, published, env }: ContainerInspection,
  run: Run,
): Promise<ServiceAddress[]> {
  if ((await engine.facts(run)).isRemote) return []
  const port = Number(env['PGPORT'] ?? 5432)
  const ports = published.filter(bound => bound.port === port)
  return [
    ...addresses.map(host => ({ host, port })),
    ...ports.map(({ hostIp, hostPort }) => ({ host: everywhere.has(hostIp) ? '127.0.0.1' : hostIp, port: hostPort })),
  ]
}
