import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { RecoveryError } from '../domain/errors.ts'

/** Lies beside the journal while a recovery is at work. */
export const lockName = '.aidatavault-recovery.lock'

const owner = z.object({ pid: z.number(), started: z.string(), boot: z.string() })
type Owner = z.infer<typeof owner>

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
  const text = JSON.stringify(await describe(process.pid))
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

async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await fs.readFile(file, 'utf8').catch(() => '')
  try {
    return owner.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

async function isAlive(held: Owner): Promise<boolean> {
  const now = await describe(held.pid)
  if (now.started !== '') return now.started === held.started && now.boot === held.boot
  try {
    process.kill(held.pid, 0)
    return true
  } catch {
    return false
  }
}

/** Empty texts where the system does not tell. The start time is the 22nd field of proc(5) stat, counted after the name. */
async function describe(pid: number): Promise<Owner> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  return { pid, started, boot: boot.trim() }
}
