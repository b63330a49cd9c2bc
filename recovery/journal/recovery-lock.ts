import { randomBytes } from 'node:crypto'
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
  if (await create(file, text)) return
  await assertLeft(file)
  // Two who find the same dead one's lock would else both remove it, the second one the first one's own.
  const takeover = `${file}.takeover`
  if (!(await create(takeover, text))) {
    await assertLeft(takeover)
    await fs.rm(takeover, { force: true })
    throw several(file)
  }
  try {
    await assertLeft(file)
    await fs.rm(file, { force: true })
    if (!(await create(file, text))) throw several(file)
  } finally {
    await fs.rm(takeover, { force: true })
  }
}

/** Rejects while the process lives that holds it. */
async function assertLeft(file: string): Promise<void> {
  const held = await readOwner(file)
  if (!held || !(await isAlive(held))) return
  const text = `another recovery, restore or backup is at work in ${path.dirname(file)} (process ${held.pid})`
  throw new RecoveryError('target-exists', text, { hint: 'wait for it, or stop it first' })
}

const several = (file: string) =>
  new RecoveryError('target-exists', `several want to work in ${path.dirname(file)} at once`, {
    hint: 'start one, again',
  })

/** False when there is one already. It appears with its content: an empty one would be taken for nobody's. */
async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
  await fs.writeFile(draft, text, { flag: 'wx', mode: 0o600 })
  try {
    await fs.link(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await fs.rm(draft, { force: true })
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
