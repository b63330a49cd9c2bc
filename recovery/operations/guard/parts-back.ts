import { planCode, type CodePlan } from '../restore/code.ts'
import { planConfig, type ConfigPlan } from '../restore/config.ts'
import { restoreDatabase } from '../restore/database.ts'
import { planDatabase, type DatabasePlan } from '../restore/database-plan.ts'
import { livingIdentifier } from '../restore/server-runs.ts'
import type { Restoration } from '../restore/restoration.ts'
import { planVolume, restoreVolume, type VolumePlan } from '../restore/volume.ts'
import type { GuardedPoint } from './undo-guard.ts'

// What of a safety point differs from what is there, as restores of each kind plan it. Nothing where nothing differs.

const choiceOf = ({ point, accept }: GuardedPoint) => ({ point: point.snapshot.id, accept })

export async function planCodeBack(guarded: GuardedPoint, restoration: Restoration): Promise<CodePlan | undefined> {
  if (guarded.point.manifest.code === null) return undefined
  const plan = await planCode(choiceOf(guarded), restoration)
  return plan.changes.length > 0 || plan.obstacles.length > 0 ? plan : undefined
}

export async function planConfigBack(guarded: GuardedPoint, restoration: Restoration): Promise<ConfigPlan | undefined> {
  if (guarded.point.manifest.config.length === 0) return undefined
  const plan = await planConfig({ ...choiceOf(guarded), files: [], keys: [], all: true }, restoration)
  return plan.changes.length > 0 ? plan : undefined
}

/** Volumes and folders that are there; what is gone comes back another way. */
export async function planVolumesBack(guarded: GuardedPoint, restoration: Restoration): Promise<VolumePlan[]> {
  const { project } = restoration
  const plans: VolumePlan[] = []
  for (const { key } of guarded.point.manifest.volumes) {
    const living = project.volumes.find(volume => volume.key === key)
    if (!living?.exists || living.kind === 'anonymous' || (living.kind === 'bind' && project.compose === null)) continue
    const plan = await planVolume({ ...choiceOf(guarded), volume: key, compare: true }, restoration)
    if (plan.changes.length > 0) plans.push(plan)
  }
  return plans
}

export const restoreVolumeBack = restoreVolume

/** Databases of servers that run: all where somebody spoke to them, else those of a server that is another one now. */
export async function planDatabasesBack(guarded: GuardedPoint, restoration: Restoration): Promise<DatabasePlan[]> {
  const plans: DatabasePlan[] = []
  for (const server of guarded.point.manifest.servers) {
    const living = restoration.project.servers.find(({ name }) => name === server.name)
    if (!living?.running || server.databases.every(({ dump }) => dump === null)) continue
    const store = restoration.project.volumes.find(({ key }) => key === living.storedOn)
    const present = store && (await livingIdentifier(server.name, store, restoration))
    if (!guarded.bySql && present === server.server.systemIdentifier) continue
    plans.push(await planDatabase({ choice: choiceOf(guarded), what: server.name, safetyPoint: true }, restoration))
  }
  return plans
}

export const restoreDatabasesBack = restoreDatabase
