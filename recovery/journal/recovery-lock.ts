import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import { describeProcess, isAlive, processOwner, type ProcessOwner } from './process-owner.ts'

/** Lies beside the journal while a recovery is at work. */
export const lockName = '.aidatavault-recovery.lock'

/**
 * Works alone in a folder. Rejects with target-exists while another recovery is at work there; one that was killed
 * holds nothing: its process is gone, or its number belongs to another one now.
 */
export async function withRecoveryLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = path.join(folder, lockName)
  await takeLock(file)
  try {
    return await work()
  } finally {
    await fs.rm(file, { force: true })
  }
}

async function takeLock(file: string): Promise<void> {
  const text = JSON.stringify(await describeProcess(process.pid))
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await create(file, text)) return
    const held = await readOwner(file)
    if (held && (await isAlive(held)))
      throw new RecoveryError(
        'target-exists',
        `another recovery or restore is at work in ${path.dirname(file)} (process ${held.pid})`,
        {
          hint: 'wait for it, or stop it first',
        },
      )
    await fs.rm(file, { force: true })
  }
  throw new RecoveryError('target-exists', `several recoveries or restores want to work in ${path.dirname(file)}`, {
    hint: 'start one',
  })
}

/** False when there is one already. */
async function create(file: string, text: string): Promise<boolean> {
  try {
    await fs.writeFile(file, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function readOwner(file: string): Promise<ProcessOwner | undefined> {
  const text = await fs.readFile(file, 'utf8').catch(() => '')
  try {
    return processOwner.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
