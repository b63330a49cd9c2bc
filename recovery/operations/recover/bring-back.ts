import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { restoreCode, verifyCode } from '../../sources/code/index.ts'
import { restoreConfig, verifyConfig } from '../../sources/config/index.ts'
import { restoreVolume, verifyVolume } from '../../sources/volume/index.ts'
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
    await restoreCode(code, reader, root, shop.run)
    return verifyCode(code, root, shop.run, reader)
  })
}

/** Env files, compose files and what else is configuration; secrets readable by their owner alone. */
export async function bringConfig(shop: Workshop): Promise<void> {
  await once(shop, 'configuration', async () => {
    await restoreConfig(shop.manifest.config, shop.reader('configuration'), shop.plan.target.root, shop.run)
    return verifyConfig(shop.manifest.config, shop.plan.target.root, shop.run)
  })
}

/** A volume or bind mount that holds no database: made, filled, and compared byte for byte before any service starts. */
export async function bringVolume(shop: Workshop, volume: PlannedVolume): Promise<void> {
  const { facts, name } = volume
  const stepName = `volume ${facts.key}`
  const work = async () => {
    await startOver(shop, volume)
    const target = { name, image: imageFor(shop, facts), labels: labelsFor(shop, facts) }
    const reader = shop.reader(stepName)
    await restoreVolume(facts, target, shop.tools.engine, reader, shop.run)
    return verifyVolume(facts, target, shop.tools.engine, reader, shop.run)
  }
  // Written once, and read once to compare.
  await once(shop, stepName, work, 2 * facts.bytes)
}

const labelsFor = ({ plan, journal }: Workshop, facts: VolumeFacts) =>
  targetVolumeLabels(facts, plan.target.projectName, journal.record.id)

const imageFor = ({ manifest }: Workshop, facts: VolumeFacts): string | undefined =>
  manifest.images.find(({ service }) => facts.mounts.some(mount => mount.service === service))?.reference

async function startOver(shop: Workshop, { facts, name }: PlannedVolume): Promise<void> {
  if (facts.kind === 'bind') return startOverPath(shop, facts.isFile ? 'file' : 'folder', name)
  await startOverVolume(shop, name)
}

/** What an interrupted run made of it goes away; something that is not ours stops the recovery. */
export async function startOverVolume({ journal, tools, run }: Workshop, name: string): Promise<void> {
  const found = await tools.engine.inspectVolume(name, run)
  if (found) {
    if (found.labels[recoveryLabel] !== journal.record.id)
      throw new RecoveryError('target-exists', `a volume named ${name} appeared on this machine meanwhile`, {
        hint: 'find out what made it; a recovery never writes into a volume that is there',
      })
    await tools.engine.removeVolume(name, run)
  }
  await journal.willMake('volume', name)
}

/** The same for a folder or file of the machine. That nothing was there is seen before the journal calls it ours. */
export async function startOverPath({ journal }: Workshop, kind: 'file' | 'folder', name: string): Promise<void> {
  if (journal.hasMade(kind, name)) await fs.rm(name, { recursive: true, force: true })
  else await assertNothingAt(name)
  await journal.willMake(kind, name)
  await fs.mkdir(path.dirname(name), { recursive: true })
}

async function assertNothingAt(name: string): Promise<void> {
  const holds = await fs.readdir(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') return [name]
    throw error
  })
  if (holds.length === 0) return
  throw new RecoveryError('target-exists', `${name} exists already; a recovery never writes into what is there`, {
    hint: 'move it away and run the same command again',
  })
}
