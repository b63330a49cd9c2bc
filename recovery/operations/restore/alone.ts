import fs from 'node:fs/promises'
import path from 'node:path'
import { ignoreState, stateFolder } from '../../journal/state-folder.ts'
import { withRecoveryLock } from '../../journal/recovery-lock.ts'

/**
 * Works alone on a project: no two backups, restores, undos or settlements at once. Rejects with target-exists. Where this
 * user may not write into the project's folder, there is nothing to exclude each other by: the work is done without.
 */
export async function aloneIn<T>(root: string, work: () => Promise<T>): Promise<T> {
  const folder = path.join(root, stateFolder)
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 })
    await ignoreState(root)
  } catch (error) {
    if (isReadOnly(error)) return work()
    throw error
  }
  try {
    return await withRecoveryLock(folder, work)
  } finally {
    await removeEmpty(folder)
  }
}

const isReadOnly = (error: unknown) =>
  ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')

/** A project in which nothing was ever restored keeps nothing of ours. */
async function removeEmpty(folder: string): Promise<void> {
  const names = await fs.readdir(folder).catch(() => ['unknown'])
  if (names.join() !== '.gitignore') return
  await fs.rm(path.join(folder, '.gitignore'), { force: true })
  await fs.rmdir(folder).catch(() => {})
}
