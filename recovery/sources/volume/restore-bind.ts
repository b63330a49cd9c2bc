import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'

/** Makes a bind mount's folder or file beside its place, and only then moves it there. What is in the way stays. */
export async function restoreBind(facts: VolumeFacts, target: string, reader: PointReader, run: Run): Promise<void> {
  await assertFree(facts, target)
  await fs.mkdir(path.dirname(target), { recursive: true })
  const draft = draftOf(target)
  await fs.rm(draft, { recursive: true, force: true })
  try {
    if (facts.isFile) await restoreFile(facts.inPoint, draft, reader)
    else await reader.restoreFolder(facts.inPoint, draft, { existing: 'refuse' }, run)
    await assertFree(facts, target)
    await move(draft, target, facts.isFile).catch((error: NodeJS.ErrnoException) => {
      // A disk is mounted there: nothing can take its place, but it can be filled.
      if (error.code !== 'EBUSY' && error.code !== 'EXDEV') throw error
      return reader.restoreFolder(facts.inPoint, target, { existing: 'refuse' }, run)
    })
  } finally {
    await fs.rm(draft, { recursive: true, force: true })
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

async function restoreFile(inPoint: string, draft: string, reader: PointReader): Promise<void> {
  for await (const entry of reader.entries(inPoint)) {
    if (entry.type !== 'file') break
    const handle = await fs.open(draft, 'wx', 0o600)
    try {
      await fs.writeFile(handle, entry.bytes!)
      if (process.geteuid?.() === 0) await handle.chown(entry.uid, entry.gid)
      await handle.chmod(entry.mode)
      const seconds = Number(entry.mtime / 1_000_000n) / 1000
      await handle.utimes(seconds, seconds)
      return await handle.sync()
    } finally {
      await handle.close()
    }
  }
  throw new RecoveryError('restore-failed', `the point holds no file at ${inPoint}`)
}

async function move(draft: string, target: string, isFile: boolean): Promise<unknown> {
  // A folder takes an empty one's place; for a file a link refuses what came meanwhile.
  if (isFile) await fs.link(draft, target)
  else await fs.rename(draft, target)
  const folder = await fs.open(path.dirname(target))
  return folder.sync().finally(() => folder.close())
}
