import fs from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { findPoint } from '../points.ts'
import { keptLabel } from './kept-volume.ts'
import { isKeptPath } from './kept-path.ts'
import type { Restoration, RestoreEnding } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'
import { takeSafetyPoint } from './safety-point.ts'
import { volumeDetailOf, type VolumeDetail } from './volume-detail.ts'
import { replaceVolume, type Replacement } from './volume-exchange.ts'
import { fillVolume } from './volume-fill.ts'
import { imagesFor, keptPlace, keptVolumeName } from './volume-place.ts'
import { servicesOn } from './volume-plan.ts'
import { forgetKept } from './volume-settle.ts'

/** What the undone restore left to go back to. */
type Old = 'kept' | 'safety point' | 'none'

export async function planUndoVolume(journal: RestoreJournal, restoration: Restoration): Promise<RestorePlan> {
  const { detail, living } = whatWas(journal, restoration)
  const old = await oldOf(journal, detail, restoration)
  const from = {
    kept: `gets back what it held before, which is kept as ${detail.made}`,
    'safety point': 'gets back what it held, out of the safety point',
    none: 'was not there before: it is emptied',
  }[old]
  return {
    kind: 'volume',
    what: `undo of the restore of ${journal.record.what}`,
    point: null,
    changes: [[detail.place, from]],
    stops: servicesOn(restoration.project, living),
    downtime: 'while two volumes change places, and the services stop and start',
    keeps: [`what ${detail.key} holds now`],
    // A server's files are taken while it is stopped: what is there now is kept in any case.
    safety: living.holdsServer === null ? { volumes: [living.key] } : null,
    ...{ destructive: true, obstacles: [] },
  }
}

function whatWas(journal: RestoreJournal, { project }: Restoration): { detail: VolumeDetail; living: ProjectVolume } {
  const detail = volumeDetailOf(journal)
  const living = project.volumes.find(({ key, name }) => key === detail?.key && name === detail.place)
  if (detail && living && detail.into === undefined) return { detail, living }
  throw new RecoveryError('nothing-to-undo', `${journal.record.what} is not in this project any more`, {
    hint: 'its safety point is listed by: aidatavault points',
  })
}

async function oldOf({ record }: RestoreJournal, detail: VolumeDetail, { tools, run }: Restoration): Promise<Old> {
  const kept = record.kept.some(({ name }) => name === detail.made)
  if (kept && detail.made !== undefined) {
    const isThere =
      detail.kind === 'bind'
        ? await isKeptPath(detail.made)
        : (await tools.engine.inspectVolume(detail.made, run))?.labels[keptLabel] !== undefined
    if (isThere) return 'kept'
  }
  if (record.safetyPoint !== null) return 'safety point'
  if (detail.hadNone) return 'none'
  throw new RecoveryError('nothing-to-undo', `what ${detail.key} held before is not kept any more`)
}

export async function undoVolume(
  journal: RestoreJournal,
  done: RestoreJournal,
  restoration: Restoration,
): Promise<RestoreEnding> {
  const { project } = restoration
  const { detail: old, living } = whatWas(done, restoration)
  const way = await oldOf(done, old, restoration)
  const { key, kind, place } = old
  const images = imagesFor(project, living, living)
  const filled = await fillFrom(way, { ...old, images }, journal, done, restoration)
  const { holdsServer } = living
  const replacement: Replacement = {
    ...{ key, kind, place, images, made: filled, hadNone: false, dropsOld: false },
    services: servicesOn(project, living),
    server: holdsServer === null ? null : { name: holdsServer, systemIdentifier: null },
    ...(holdsServer === null ? {} : { whileStopped: () => takeSafety(living, journal, restoration) }),
  }
  const ending = await replaceVolume(replacement, journal, restoration)
  await forgetKept({ ...old, undoes: done.record.id, made: filled }, restoration)
  return { ...ending, checks: [] }
}

/** What takes the place; its name. */
async function fillFrom(
  way: Old,
  old: VolumeDetail & { readonly images: readonly string[] },
  journal: RestoreJournal,
  done: RestoreJournal,
  restoration: Restoration,
): Promise<string> {
  const { project, tools, vault, run } = restoration
  const { id } = journal.record
  const { key, kind, place, images } = old
  const detail = { key, kind, place, hadNone: false }
  if (way === 'kept') {
    await journal.begins('kept', { ...detail, made: old.made, madeIsKept: true })
    return old.made!
  }
  const name = kind === 'bind' ? await keptPlace(project.root, place, id) : keptVolumeName(place, run.clock.now())
  await journal.begins('new volume', { ...detail, made: name })
  if (way === 'safety point') {
    const { snapshot, manifest } = await findPoint(vault, done.record.safetyPoint!)
    const facts = manifest.volumes.find(volume => volume.key === key)
    if (!facts) throw new RecoveryError('nothing-to-undo', `the safety point does not hold ${key}`)
    await fillVolume(facts, snapshot, { kind, name, images, id }, restoration)
  } else if (kind === 'bind') await fs.mkdir(name)
  else await tools.engine.createVolume({ name, driver: 'local', options: {}, labels: { [keptLabel]: id } }, run)
  return name
}

async function takeSafety(living: ProjectVolume, journal: RestoreJournal, restoration: Restoration): Promise<void> {
  await journal.begins('safety point while stopped')
  const { snapshot } = await takeSafetyPoint(restoration, { volumes: [living.key] }, `volume ${living.key}`)
  await journal.change({ safetyPoint: snapshot.id })
}
