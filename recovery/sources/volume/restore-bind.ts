import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { removeFolder } from '../remove-folder.ts'
import { syncFolder, takeName } from '../take-name.ts'

/** Makes a bind mount's folder or file beside its place, and only then moves it there. What is in the way stays. */
export async function restoreBind(facts: VolumeFacts, target: string, reader: PointReader, run: Run): Promise<void> {
  await assertFree(facts, target)
  await fs.mkdir(path.dirname(target), { recursive: true })
  const draft = draftOf(target)
  await removeFolder(draft)
  try {
    const inPoint = facts.isFile ? path.posix.dirname(facts.inPoint) : facts.inPoint
    await reader.restoreFolder(inPoint, draft, { existing: 'refuse' }, run)
    await assertFree(facts, target)
    if (facts.isFile) await takeName(path.join(draft, path.posix.basename(facts.inPoint)), target)
    else await takePlace(draft, target, () => reader.restoreFolder(inPoint, target, { existing: 'refuse' }, run))
    await syncFolder(path.dirname(target))
  } finally {
    await removeFolder(draft)
  }
}

/** The same each time, so that one left behind by a killed run goes away in the next. */
export const draftOf = (target: string): string => {
  const name = createHash('sha256').update(target).digest('hex').slice(0, 12)
  return path.join(path.dirname(target), `.aidatavault-recovery-${name}`)
}

async function assertFree({ isFile }: VolumeFacts, target: string): Promise<void> {
  const stats = await fs.lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (!stats || (!isFile && stats.isDirectory() && (await fs.readdir(target)).length === 0)) return
  throw new RecoveryError('target-exists', `${target} exists already; a recovery never writes into it`, {
    hint: 'move it away and run the same command again',
  })
}

/** A folder takes an empty one's place; `fill` is for a place where a disk is mounted, which nothing can take. */
async function takePlace(draft: string, target: string, fill: () => Promise<unknown>): Promise<void> {
  try {
    await fs.rename(draft, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EBUSY' && code !== 'EXDEV') throw error
    await fill()
  }
}
