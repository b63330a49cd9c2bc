/**
 * One volume or bind mount comes back into the living project: filled beside and compared with the point, then, with the
 * services that mount it stopped, exchanged with what is there, which is kept.
 */
import type { VolumeFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { targetVolumeLabels } from '../recover/target.ts'
import type { RestoreKindOperations } from './kinds.ts'
import { withRestoration, type Restoration, type RestoreEnding, type RestoreReport } from './restoration.ts'
import { takeSafetyPoint } from './safety-point.ts'
import { moveInto, replaceVolume, type Replacement } from './volume-exchange.ts'
import { fillVolume } from './volume-fill.ts'
import { keptBeside, keptPlace, keptVolumeName } from './volume-place.ts'
import type { VolumePlan } from './volume-plan.ts'
import { settleVolume } from './volume-settle.ts'
import { planUndoVolume, undoVolume } from './volume-undo.ts'

export { planVolume, type VolumePlan, type VolumeRequest } from './volume-plan.ts'

/** Restores as planned. Rejects with verification-failed, storage-full, target-exists; then everything is as it was. */
export function restoreVolume(plan: VolumePlan, restoration: Restoration): Promise<RestoreReport> {
  const { destination, facts, isBeside } = plan
  const detail = {
    ...{ key: facts.key, kind: destination.kind, place: destination.name, hadNone: !destination.exists },
    ...(isBeside ? { into: destination.name } : {}),
  }
  // A server's files are worth something only while it is stopped: its safety point is taken then.
  const frame = plan.server === null ? plan : { ...plan, safety: null }
  return withRestoration(restoration, frame, detail, journal =>
    isBeside ? bringBeside(plan, journal, restoration) : bringInPlace(plan, journal, restoration),
  )
}

async function bringBeside(
  { facts, from, destination }: VolumePlan,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  const { id } = journal.record
  const { kind, name } = destination
  const made = kind === 'bind' ? keptBeside(name, id) : name
  await journal.begins('new volume', { made })
  const checks = await fillVolume(facts, from.snapshot, { ...destination, name: made, id }, restoration)
  if (kind === 'bind') await moveInto(made, name, journal)
  return { checks, services: [], downMs: 0 }
}

async function bringInPlace(
  plan: VolumePlan,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  const { destination, facts, stops, server, safety } = plan
  const made = await fillBeside(plan, journal, restoration)
  if (!destination.exists && destination.kind === 'volume') await makeEmpty(facts, plan, journal, restoration)
  const replacement: Replacement = {
    ...{ key: facts.key, kind: destination.kind, place: destination.name, made: made.name },
    ...{ hadNone: !destination.exists, dropsOld: !destination.exists && isPlain(facts) },
    ...{ images: destination.images, services: stops },
    server: server === null ? null : { name: server, systemIdentifier: facts.server?.systemIdentifier ?? null },
    ...(server !== null && safety ? { whileStopped: () => takeSafety(plan, safety, journal, restoration) } : {}),
  }
  return { ...(await replaceVolume(replacement, journal, restoration)), checks: made.checks }
}

/** Fills a new volume or path, under the name that the old content has afterwards. */
async function fillBeside(
  { destination, facts, from }: VolumePlan,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<{ readonly name: string; readonly checks: readonly Check[] }> {
  const { project, run } = restoration
  const { id } = journal.record
  const name =
    destination.kind === 'bind'
      ? await keptPlace(project.root, destination.name, id)
      : keptVolumeName(destination.name, run.clock.now())
  await journal.begins('new volume', { made: name })
  const checks = await fillVolume(facts, from.snapshot, { ...destination, name, id }, restoration)
  return { name, checks }
}

/** A volume that is gone is made as Compose would; it stays empty until the exchange. */
async function makeEmpty(
  facts: VolumeFacts,
  { destination }: VolumePlan,
  journal: RestoreJournal,
  { project, tools, run }: Restoration,
): Promise<void> {
  const labels = targetVolumeLabels(facts, project.facts.name, journal.record.id)
  await journal.begins('empty volume')
  await tools.engine.createVolume(
    { name: destination.name, driver: facts.driver, options: facts.driverOptions, labels },
    run,
  )
}

const isPlain = ({ kind, driverOptions }: VolumeFacts) => kind !== 'bind' && Object.keys(driverOptions).length === 0

async function takeSafety(
  { what }: VolumePlan,
  safety: NonNullable<VolumePlan['safety']>,
  journal: RestoreJournal,
  restoration: Restoration,
): Promise<void> {
  await journal.begins('safety point while stopped')
  const { snapshot } = await takeSafetyPoint(restoration, safety, what)
  await journal.change({ safetyPoint: snapshot.id })
}

export const volumeOperations: RestoreKindOperations = {
  settle: settleVolume,
  planUndo: planUndoVolume,
  undo: undoVolume,
}
