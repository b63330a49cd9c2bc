import type { DatabaseServer } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { untilDone } from '../../domain/run.ts'
import type { ComposeModel } from '../../drivers/docker/compose.ts'
import type { RecoveryPlan } from './plan.ts'
import { stageModel } from './stage-model.ts'
import { recoveryLabel } from './target.ts'
import type { Workshop } from './workshop.ts'

const projectLabel = 'com.docker.compose.project'
const serviceLabel = 'com.docker.compose.service'

/**
 * Whether the service's data outlives its container: only then can it be filled in a container of its own. Data in an
 * anonymous volume or in the container's own layer stays with the container, so that one is made as the project says,
 * filled, and kept.
 */
export const isStaged = ({ plan }: Workshop, facts: DatabaseServer): boolean => isStagedService(plan, facts.name)

const isStagedService = (plan: RecoveryPlan, service: string): boolean =>
  plan.serverVolumes.some(({ server }) => server === service)

type Json = Readonly<Record<string, unknown>>

/**
 * Runs `use` while the database service is up alone; a container made for that alone, of the service as
 * `adapt` makes it, is gone afterwards, however it ends.
 */
export async function withStage<T>(
  shop: Workshop,
  facts: DatabaseServer,
  model: ComposeModel,
  use: () => Promise<T>,
  adapt: (service: Json) => Json = service => service,
): Promise<T> {
  const { tools, address, run } = shop
  const staged = isStaged(shop, facts)
  const labels = { [recoveryLabel]: shop.journal.record.id }
  const alone = staged ? { model: stageModel(model.raw, facts.name, labels, adapt) } : {}
  try {
    await tools.compose.up(address, { services: [facts.name], ...alone, noDependencies: true }, run)
    return await use()
  } finally {
    const end = staged ? tools.compose.remove : tools.compose.stop
    await end.call(tools.compose, address, [facts.name], untilDone(run))
  }
}

/**
 * Takes away the container that an interrupted run of this recovery left. Rejects with target-exists on one that the
 * project itself, or anyone else, has made meanwhile: what it did since is not ours to lose.
 */
export async function removeLeftStage(
  { plan, journal, tools, address, run }: Workshop,
  service: string,
): Promise<void> {
  const found = await tools.engine.listContainers(
    { [projectLabel]: plan.target.projectName, [serviceLabel]: service },
    run,
  )
  const foreign = found.find(({ labels }) => labels[recoveryLabel] !== journal.record.id)
  if (foreign)
    throw new RecoveryError(
      'target-exists',
      `${foreign.name} runs or ran already, and the recovery of its databases had not ended`,
      {
        hint: `if nothing was written into it since, remove it and run the same command again: docker rm --force ${foreign.name}`,
      },
    )
  if (found.length > 0 && isStagedService(plan, service)) await tools.compose.remove(address, [service], run)
}
