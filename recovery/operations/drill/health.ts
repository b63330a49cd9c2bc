import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { ContainerInspection } from '../../drivers/docker/container-engine.ts'
import type { Workshop } from '../recover/workshop.ts'
import type { HttpPlace } from './ask-http.ts'
import { drillImage } from './names.ts'
import type { DrillPlan } from './plan-drill.ts'

const serviceLabel = 'com.docker.compose.service'

const containersOf = (
  { tools, plan, run }: Workshop,
  more: Readonly<Record<string, string>> = {},
): Promise<readonly ContainerInspection[]> =>
  tools.engine.listContainers({ 'com.docker.compose.project': plan.target.projectName, ...more }, run)

/** Every service runs, and is healthy where it says what that is. */
export async function checkHealth(shop: Workshop, services: readonly string[]): Promise<Check[]> {
  const containers = await containersOf(shop)
  return services.map(service => {
    const states = containers.filter(({ labels }) => labels[serviceLabel] === service).map(stateOf)
    const ok = states.length > 0 && states.every(state => state === 'healthy' || state === 'running')
    return { what: `service ${service}`, ok, detail: states.join(', ') || 'it has no container' }
  })
}

const stateOf = ({ running, health }: ContainerInspection): string =>
  !running ? 'it has ended' : health === 'none' ? 'running' : health

/** From where a service can be asked over HTTP: databases' images come first, which have a shell in any case. */
export async function networkOf(shop: Workshop, service: string, plan: DrillPlan): Promise<HttpPlace> {
  const containers = await containersOf(shop, { [serviceLabel]: service })
  const network = containers.flatMap(({ networks }) => networks).find(name => name !== 'none')
  if (network === undefined)
    throw new RecoveryError('verification-failed', `service ${service} is on no network to ask it over`)
  const services = [...plan.servers, service, ...plan.services]
  return { network, images: [...new Set(services)].map(name => drillImage(shop.journal.record.id, name)) }
}
