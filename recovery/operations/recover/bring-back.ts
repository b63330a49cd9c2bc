import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { beginCode, finishCode, verifyCode } from '../../sources/code/index.ts'
import { restoreConfig, verifyConfig } from '../../sources/config/index.ts'
import { restoreVolume, verifyVolume } from '../../sources/volume/index.ts'
import { targetReference } from './images.ts'
import type { PlannedVolume } from './plan.ts'
import { recoveryLabel, targetVolumeLabels } from './target.ts'
import { once, type Workshop } from './workshop.ts'

/** The folder's own files. Nothing shows there before all of it is ready; cut off anywhere, it is begun again. */
export async function bringCode(shop: Workshop): Promise<void> {
  const { code } = shop.manifest
  if (!code) return
  const { root } = shop.plan.target
  await once(shop, 'code', async () => {
    const reader = shop.reader('code')
    await beginCode(code, reader, root, shop.run)
    return verifyCode(code, root, shop.run, reader)
  })
  // Only when it is written down: until then, a run that is cut off has to find that it may go on.
  await finishCode(root)
}

/** Env files, compose files and what else is configuration; secrets readable by their owner alone. */
export async function bringConfig(shop: Workshop): Promise<void> {
  if (shop.plan.keepsFolder) return
  await once(shop, 'configuration', async () => {
    await restoreConfig(shop.manifest.config, shop.reader('configuration'), shop.plan.target.root, shop.run)
    return verifyConfig(shop.manifest.config, shop.plan.target.root, shop.run)
  })
}

/** A volume or bind mount that holds no database: made, filled, and compared byte for byte before any service starts. */
export async function bringVolume(shop: Workshop, volume: PlannedVolume): Promise<void> {
  const { facts, name } = volume
  const stepName = `volume ${facts.key}`
  const target = { name, image: imageFor(shop, facts), labels: labelsFor(shop, facts) }
  const reader = shop.reader(stepName)
  const compare = () => verifyVolume(facts, target, shop.tools.engine, reader, shop.run)
  const work = async () => {
    if (facts.kind === 'bind') {
      const found = await alreadyWhole(shop, volume, compare)
      if (found) return found
      await startOverPath(shop, facts.isFile ? 'file' : 'folder', name)
    } else await startOverVolume(shop, name)
    await restoreVolume(facts, target, shop.tools.engine, reader, shop.run)
    return compare()
  }
  // Written once, and read once to compare.
  await once(shop, stepName, work, 2 * facts.bytes)
}

/** A mounted folder appears whole or not at all: one that an interrupted run put there needs only to be compared. */
async function alreadyWhole(
  { journal }: Workshop,
  { facts, name }: PlannedVolume,
  compare: () => Promise<readonly Check[]>,
): Promise<readonly Check[] | undefined> {
  if (!journal.hasMade(facts.isFile ? 'file' : 'folder', name) || !(await isOccupied(name))) return undefined
  const checks = await compare()
  return checks.every(({ ok }) => ok) ? checks : undefined
}

const labelsFor = ({ plan, journal }: Workshop, facts: VolumeFacts) =>
  targetVolumeLabels(facts, plan.target.projectName, journal.record.id)

const imageFor = ({ manifest, plan }: Workshop, facts: VolumeFacts): string | undefined => {
  const image = manifest.images.find(({ service }) => facts.mounts.some(mount => mount.service === service))
  return image && targetReference(image, manifest.project.name, plan.target.projectName)
}

/** What an interrupted run made of it goes away; something that is not ours, or is in use, stops the recovery. */
export async function startOverVolume({ journal, tools, run }: Workshop, name: string): Promise<void> {
  const found = await tools.engine.inspectVolume(name, run)
  if (found) {
    if (found.labels[recoveryLabel] !== journal.record.id)
      throw new RecoveryError('target-exists', `a volume named ${name} appeared on this machine meanwhile`, {
        hint: 'find out what made it; a recovery never writes into a volume that is there',
      })
    // The engine refuses while any container, even a stopped one, has it.
    await tools.engine.removeVolume(name, run)
  }
  await journal.willMake('volume', name)
}

/**
 * The same for a folder or file of the machine. That nothing was there is seen before the journal calls it ours; and even
 * then nobody knows what was put there since: it is set aside, never removed.
 */
export async function startOverPath({ journal, run }: Workshop, kind: 'file' | 'folder', name: string): Promise<void> {
  if (await isOccupied(name)) {
    if (!journal.hasMade(kind, name))
      throw new RecoveryError('target-exists', `${name} exists already; a recovery never writes into what is there`, {
        hint: 'move it away and run the same command again',
      })
    const aside = `${name}.unfinished-${run.clock.now().getTime()}`
    await fs.rename(name, aside)
    run.report({
      kind: 'warning',
      text: `what an interrupted run had made of ${name} now lies in ${aside}; remove it when nothing in it is needed`,
    })
  }
  await journal.willMake(kind, name)
  await fs.mkdir(path.dirname(name), { recursive: true })
}

/** Something other than an empty folder is there. */
async function isOccupied(name: string): Promise<boolean> {
  try {
    return (await fs.readdir(name)).length > 0
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    if (code === 'ENOTDIR') return true
    throw error
  }
}
