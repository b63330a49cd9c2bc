import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine, ContainerInspection } from '../../drivers/docker/container-engine.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { QuietContainer } from '../../journal/quiet-record.ts'
import { projectLabel, serviceLabel } from '../../project/survey.ts'
import { dependenciesOf, levelOf, withSharers } from './service-order.ts'
import type { Quiet } from './with-quiet.ts'

/** The containers of a project's services as they are now; those that `docker compose run` made are none of them. */
export async function serviceContainers(
  project: string,
  engine: ContainerEngine,
  run: Run,
): Promise<readonly (ContainerInspection & { readonly service: string })[]> {
  const containers = await engine.listContainers({ [projectLabel]: project }, run)
  return containers
    .filter(({ labels }) => labels['com.docker.compose.oneoff'] !== 'True')
    .map(container => ({ ...container, service: container.labels[serviceLabel] ?? '' }))
}

/**
 * The containers that are to be quieted, of those that run at this moment, with the order in which they start again. One
 * that is paused already is as quiet as pausing makes it; where it is to be stopped, this rejects with preflight-failed.
 */
export async function containersToQuiet(
  model: ComposeModel,
  quiets: readonly Quiet[],
  engine: ContainerEngine,
  run: Run,
): Promise<readonly QuietContainer[]> {
  const modes = modesOf(model, quiets)
  const all = await serviceContainers(model.name, engine, run)
  const wanted = all.filter(({ service, running }) => running && modes.has(service))
  const paused = wanted.find(({ service, paused }) => paused && modes.get(service) === 'stop')
  if (paused)
    throw new RecoveryError('preflight-failed', `${paused.name} is paused, so it cannot be stopped in order`, {
      hint: `let it go on first: docker compose unpause ${paused.service}`,
    })
  const chosen = wanted.filter(container => !container.paused)
  const services = new Set(chosen.map(({ service }) => service))
  return chosen.map(container => ({
    id: container.id,
    name: container.name,
    service: container.service,
    mode: modes.get(container.service)!,
    level: levelOf(model.services, container.service, services),
    awaited: isWellWatched(container) && isNeeded(model, container.service, services),
    startedAt: container.startedAt,
    stopSeconds: container.stopSeconds,
  }))
}

/** Stopped is quieter than paused. */
function modesOf(model: ComposeModel, quiets: readonly Quiet[]): ReadonlyMap<string, Quiet['mode']> {
  const of = (wanted: Quiet['mode']) => quiets.filter(({ mode }) => mode === wanted).flatMap(({ services }) => services)
  const modes = new Map<string, Quiet['mode']>()
  for (const service of of('pause')) modes.set(service, 'pause')
  for (const service of withSharers(model, of('stop'))) modes.set(service, 'stop')
  return modes
}

/** One that was never healthy is not waited for. */
const isWellWatched = ({ health }: ContainerInspection) => health === 'healthy' || health === 'starting'

const isNeeded = ({ services }: ComposeModel, name: string, among: ReadonlySet<string>) =>
  [...among].some(other => other !== name && dependenciesOf(services, other).has(name))
