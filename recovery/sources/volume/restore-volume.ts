import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { restoring } from '../disk-error.ts'
import { restoreBind } from './restore-bind.ts'

/** Where a volume comes back. */
export interface VolumeTarget {
  /** The engine's name; for a bind mount the absolute path. */
  readonly name: string
  /** An image on this machine to reach the volume through, where its folder cannot be reached. */
  readonly image?: string | undefined
  /** All labels that it is to have; those of the point where it is left out. */
  readonly labels?: Readonly<Record<string, string>>
}

/**
 * Makes the volume with the driver and options that it had, and fills it. Never writes into one that exists: rejects with
 * target-exists. A bind mount may be there as an empty folder. Cut off, it leaves a half-filled volume, which its label tells.
 */
export const restoreVolume = (
  facts: VolumeFacts,
  target: VolumeTarget,
  engine: ContainerEngine,
  reader: PointReader,
  run: Run,
): Promise<void> =>
  restoring(`volume ${facts.key}`, () =>
    facts.kind === 'bind'
      ? restoreBind(facts, target.name, reader, run)
      : restoreInEngine(facts, target, engine, reader, run),
  )

async function restoreInEngine(
  facts: VolumeFacts,
  target: VolumeTarget,
  engine: ContainerEngine,
  reader: PointReader,
  run: Run,
): Promise<void> {
  await makeDevice(facts, engine, run)
  const labels = target.labels ?? facts.labels
  const spec = { name: target.name, driver: facts.driver, options: facts.driverOptions, labels }
  const folder = await engine.volumeFolder(await engine.createVolume(spec, run), run)
  if (folder !== undefined) {
    await reader.restoreFolder(facts.inPoint, folder, { existing: 'refuse' }, run)
    return
  }
  const image = imageOf(facts, target)
  await assertEmpty(target.name, image, engine, run)
  warnOfAttributes(facts, run)
  await engine.writeVolume(target.name, image, reader.entries(facts.inPoint), run)
}

/** The engine does not make the folder that a volume with `o: bind` stands for. */
async function makeDevice({ driver, driverOptions }: VolumeFacts, engine: ContainerEngine, run: Run): Promise<void> {
  const { type = 'none', o = '', device = '' } = driverOptions
  const isFolder = driver === 'local' && type === 'none' && /(^|,)r?bind(,|$)/.test(o) && path.isAbsolute(device)
  if (isFolder && (await engine.facts(run)).foldersReachable) await fs.mkdir(device, { recursive: true })
}

function imageOf(facts: VolumeFacts, { name, image }: VolumeTarget): string {
  if (image !== undefined) return image
  throw new RecoveryError('image-unavailable', `there is no image to reach the volume ${name} through`, {
    hint: `have an image of ${facts.mounts.map(({ service }) => service).join(' or ')} on this machine: pull or build it`,
  })
}

/** A new volume can stand for something old: a device, a folder, a share of another machine. */
async function assertEmpty(name: string, image: string, engine: ContainerEngine, run: Run): Promise<void> {
  const { entries, finished } = await engine.readVolume(name, image, run)
  let first: string | undefined
  for await (const entry of entries) {
    if (entry.path.length === 0) continue
    first = Buffer.from(entry.path).toString()
    break
  }
  await finished.catch((error: unknown) => {
    if (first === undefined) throw error
  })
  if (first === undefined) return
  // Only the engine's note of it goes away; what it stands for stays as it is.
  await engine.removeVolume(name, run)
  throw new RecoveryError('target-exists', `the volume ${name} stands for something that has files already: ${first}`, {
    hint: 'its driver options name a place that is in use; empty that place if nothing in it is needed',
  })
}

function warnOfAttributes({ key, way }: VolumeFacts, run: Run): void {
  if (way !== 'files') return
  const text = `volume ${key}: comes back through docker cp, which keeps no extended attributes of users`
  run.report({ kind: 'warning', text })
}
