import type { VolumeFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { step } from '../../domain/run.ts'
import { restoreVolume as fillFromPoint, verifyVolume } from '../../sources/volume/index.ts'
import type { Snapshot } from '../../../vault/index.ts'
import { pointReader } from '../point-reader.ts'
import { removeFolder } from '../../sources/remove-folder.ts'
import { draftOf } from '../../sources/volume/restore-bind.ts'
import { removeKeptPath } from './kept-path.ts'
import { keptLabel, removeKeptVolume } from './kept-volume.ts'
import type { Restoration } from './restoration.ts'
import { factsFor } from './volume-place.ts'

/** A new volume or path, and what goes into it. */
export interface Filling {
  readonly kind: 'volume' | 'bind'
  readonly name: string
  readonly images: readonly string[]
  /** The restore's: the value of our label. */
  readonly id: string
}

/** Makes and fills it, and compares every byte with the point. Rejects with target-exists, verification-failed. */
export async function fillVolume(
  facts: VolumeFacts,
  snapshot: Snapshot,
  { kind, name, images, id }: Filling,
  { vault, tools, run }: Restoration,
): Promise<readonly Check[]> {
  const own = factsFor(facts, kind)
  const what = `volume ${facts.key}`
  const target = { name, image: await reachableThrough(images, { tools, run }), labels: { [keptLabel]: id } }
  const reader = pointReader(vault, snapshot, what, run)
  const work = async () => {
    await fillFromPoint(own, target, tools.engine, reader, run)
    return verifyVolume(own, target, tools.engine, reader, run)
  }
  const checks = await step(run, what, work, { totalBytes: 2 * facts.bytes })
  const failed = checks.find(({ ok }) => !ok)
  if (!failed) return checks
  throw new RecoveryError('verification-failed', `${failed.what}: ${failed.detail}`, {
    hint: 'nothing of the project was touched; mend the cause and run the same command again, or choose another point',
  })
}

/** The first that is on this machine. */
async function reachableThrough(
  images: readonly string[],
  { tools, run }: Pick<Restoration, 'tools' | 'run'>,
): Promise<string | undefined> {
  for (const image of images) if (await tools.engine.inspectImage(image, run)) return image
  return undefined
}

/** Removes what this restore has made beside, half-filled or whole; nothing that anybody else made under its name. */
export async function removeFilled(
  { kind, name, id }: Pick<Filling, 'kind' | 'name' | 'id'>,
  { tools, run }: Pick<Restoration, 'tools' | 'run'>,
): Promise<void> {
  if (kind === 'volume') return removeKeptVolume(name, tools.engine, run, id)
  await removeFolder(draftOf(name))
  await removeKeptPath(name)
}
