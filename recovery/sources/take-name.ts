import fs from 'node:fs/promises'
import { RecoveryError } from '../domain/errors.ts'

/** Gives a finished file its name. Never takes the place of another, however late that one came: target-exists. */
export async function takeName(draft: string, target: string): Promise<void> {
  try {
    await fs.link(draft, target)
    await fs.rm(draft)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'EEXIST') throw inTheWay(target)
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error
    await renameOnly(draft, target)
  }
}

/** On a file system without hard links. */
async function renameOnly(draft: string, target: string): Promise<void> {
  const found = await fs.lstat(target).catch(() => undefined)
  if (found) throw inTheWay(target)
  await fs.rename(draft, target)
}

const inTheWay = (target: string) =>
  new RecoveryError('target-exists', `${target} exists already`, {
    hint: 'compare it with the one in the point, then move it away and run the same command again',
  })

/** Makes names in a folder last through a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder)
  await handle.sync().finally(() => handle.close())
}
