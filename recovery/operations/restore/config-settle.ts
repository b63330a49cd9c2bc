import fs from 'node:fs/promises'
import { z } from 'zod'
import { RecoveryError } from '../../domain/errors.ts'
import type { RestoreJournal } from '../../journal/restore-journal.ts'
import { removeFolder } from '../../sources/remove-folder.ts'
import { realTarget, sha256Of, takeBackConfig, type WrittenConfig } from '../../sources/config/index.ts'
import { findPoint } from '../points.ts'
import { configPlan, readConfig, readIfThere, type ConfigPlan, type PlannedConfig } from './config-plan.ts'
import type { Restoration } from './restoration.ts'
import path from 'node:path'

const detail = z.object({
  written: z
    .array(z.object({ target: z.string(), kept: z.string(), had: z.boolean(), sha256: z.string().nullable() }))
    .default([]),
  folder: z.string().optional(),
})

/** Done once every file has been compared; before that each old one comes back. */
export async function settleConfig(journal: RestoreJournal): Promise<'done' | 'rolled-back'> {
  if (journal.record.step === 'finish') return 'done'
  const { written, folder } = detail.parse(journal.record.detail)
  for (const file of written.toReversed()) await takeBackConfig(file)
  if (folder !== undefined && (await isEmptied(written))) {
    await removeFolder(folder)
    await journal.change({ kept: [] })
  }
  return 'rolled-back'
}

/** What somebody wrote meanwhile was not overwritten, and then the old one is still kept. */
async function isEmptied(written: readonly WrittenConfig[]): Promise<boolean> {
  for (const { kept, target } of written) {
    const [old, now] = [await fs.stat(kept).catch(() => undefined), await fs.stat(target).catch(() => undefined)]
    if (old && old.ino !== now?.ino) return false
  }
  return true
}

/** The files that the restore wrote, as the safety point has them; those that it made go. */
export async function planUndoConfig(done: RestoreJournal, restoration: Restoration): Promise<ConfigPlan> {
  const { safetyPoint, what } = done.record
  if (safetyPoint === null) throw new RecoveryError('nothing-to-undo', `the restore of ${what} overwrote nothing`)
  const from = await findPoint(restoration.vault, safetyPoint)
  const files: PlannedConfig[] = []
  for (const written of detail.parse(done.record.detail).written) files.push(await before(written, from, restoration))
  return { ...configPlan(from, files, restoration), what }
}

async function before(
  { target, had, kept }: WrittenConfig,
  from: Awaited<ReturnType<typeof findPoint>>,
  restoration: Restoration,
): Promise<PlannedConfig> {
  const { root } = restoration.project
  const now = await readIfThere(target)
  const places = await Promise.all(from.manifest.config.map(async file => realTarget(path.resolve(root, file.path))))
  const facts = from.manifest.config[places.indexOf(target)]
  if (had && facts) {
    const { bytes, owner } = await readConfig(from, facts, restoration)
    return { facts, target, now, then: bytes, mode: facts.mode, owner }
  }
  const old = had ? await readIfThere(kept) : null
  if (old === undefined)
    throw new RecoveryError('restore-failed', `the old ${target} is neither kept nor in the safety point`)
  const name = path.relative(root, target)
  const { mode } = old === null ? { mode: 0o600 } : await fs.stat(kept)
  const own = {
    path: name,
    inPoint: '',
    kind: 'env',
    mode: mode & 0o7777,
    bytes: 0,
    sha256: sha256Of(old ?? Buffer.alloc(0)),
  } as const
  return { facts: own, target, now, then: old, mode: mode & 0o7777, owner: undefined }
}
