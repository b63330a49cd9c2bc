import { RecoveryError } from '../../domain/errors.ts'
import { RecoveryJournal } from '../../journal/recovery-journal.ts'
import { missingData } from '../recover/missing-data.ts'
import { planRecovery } from '../recover/plan-recovery.ts'
import { recover } from '../recover/recover.ts'
import type { Restoration, RestoreEnding } from '../restore/restoration.ts'
import type { GuardedPoint } from './undo-guard.ts'

const nothing: RestoreEnding = { checks: [], services: [], downMs: 0 }

/** What of a point is gone: servers by name, volumes by key. */
export interface GoneParts {
  readonly servers: readonly string[]
  readonly volumes: readonly string[]
}

/** Volumes and database servers of the point of which nothing is there. */
export async function goneParts({ point }: GuardedPoint, restoration: Restoration): Promise<GoneParts> {
  const { project, tools, run } = restoration
  if (!project.compose) return { servers: [], volumes: [] }
  const journal = await RecoveryJournal.find(project.root)
  const { servers, volumes } = await missingData(point.manifest, project, journal, tools, run)
  return { servers: servers.map(({ name }) => name), volumes: volumes.map(({ key }) => key) }
}

/**
 * Brings that back as `restore data` does. Containers that are left of the project are taken away first, as Compose would
 * start others into their place. Rejects with preflight-failed where data would go with them.
 */
export async function bringGoneBack(guarded: GuardedPoint, restoration: Restoration): Promise<RestoreEnding> {
  const { project, vault, tools, run } = restoration
  const gone = await goneParts(guarded, restoration)
  if (gone.servers.length + gone.volumes.length === 0) return nothing
  const isContinued = (await RecoveryJournal.find(project.root)) !== undefined
  if (!isContinued && project.services.some(({ containers }) => containers.length > 0))
    await takeContainersAway(restoration)
  const request = { root: project.root, projectName: project.facts.name, start: true, into: project }
  const plan = await planRecovery(request, guarded.point, vault, tools, run)
  const { checks } = await recover(plan, guarded.point, vault, true, tools, run)
  return { ...nothing, checks }
}

async function takeContainersAway({ project, tools, run }: Restoration): Promise<void> {
  const loose = project.volumes.filter(({ kind, exists }) => kind === 'anonymous' && exists)
  if (loose.length > 0)
    throw new RecoveryError(
      'preflight-failed',
      `containers of the project are in the way, and ${loose.map(({ key }) => key).join(', ')} would be lost with them`,
      {
        hint: 'give that volume a name in the compose file, or take the containers away yourself: docker compose down',
      },
    )
  await tools.compose.down(project.compose!.address, run)
}

/** What ran when the point was taken, and does not. */
export async function startAgain({ point }: GuardedPoint, { project, tools, run }: Restoration): Promise<void> {
  if (!project.compose) return
  const isIdle = (name: string) => project.services.some(service => service.name === name && !service.running)
  const services = point.manifest.services.filter(({ name, ran }) => ran && isIdle(name)).map(({ name }) => name)
  if (services.length > 0) await tools.compose.up(project.compose.address, { services }, run)
}
