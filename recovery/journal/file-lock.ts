import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { stateOf, runOwner, thisOwner, type RunOwner } from './run-owner.ts'

// A process of this machine can be looked for. One of another machine or container says that it lives by touching the file.
const touchEveryMs = 30_000
const silentAfterMs = 180_000

/** What to reject with: where `owner` holds the lock, and where several want it at the same moment. */
export interface LockRefusal {
  held(owner: RunOwner): Error
  contested(): Error
}

/**
 * Works alone, under a lock file. Rejects with a refusal while another does; one that was killed holds nothing: its process
 * is gone, or its number belongs to another one now, or it has fallen silent.
 */
export async function withFileLock<T>(file: string, refusal: LockRefusal, work: () => Promise<T>): Promise<T> {
  const own = JSON.stringify({ ...(await thisOwner()), id: randomBytes(8).toString('hex') })
  await takeLock(file, own, refusal)
  const touching = setInterval(() => void touch(file), touchEveryMs)
  touching.unref()
  try {
    return await work()
  } finally {
    clearInterval(touching)
    // Of who fell silent, as with the machine asleep, another may have taken it over.
    if ((await textOf(file)) === own) await fs.rm(file, { force: true })
  }
}

const textOf = (file: string) => fs.readFile(file, 'utf8').catch(() => '')

const touch = (file: string) => fs.utimes(file, new Date(), new Date()).catch(() => {})

async function takeLock(file: string, text: string, refusal: LockRefusal): Promise<void> {
  if (await create(file, text)) return
  await assertLeft(file, refusal)
  // Two who find the same dead one's lock would else both remove it, the second one the first one's own.
  const takeover = `${file}.takeover`
  if (!(await create(takeover, text))) {
    await assertLeft(takeover, refusal)
    await fs.rm(takeover, { force: true })
    throw refusal.contested()
  }
  try {
    await assertLeft(file, refusal)
    await fs.rm(file, { force: true })
    if (!(await create(file, text))) throw refusal.contested()
  } finally {
    await fs.rm(takeover, { force: true })
  }
}

async function assertLeft(file: string, refusal: LockRefusal): Promise<void> {
  const owner = await readOwner(file)
  if (!owner) return
  const state = await stateOf(owner)
  if (state === 'alive' || (state === 'unseen' && (await isTouched(file)))) throw refusal.held(owner)
}

async function isTouched(file: string): Promise<boolean> {
  const stat = await fs.stat(file).catch(() => undefined)
  return stat !== undefined && Date.now() - stat.mtimeMs < silentAfterMs
}

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

async function readOwner(file: string): Promise<RunOwner | undefined> {
  try {
    return runOwner.parse(JSON.parse(await textOf(file)))
  } catch {
    return undefined
  }
}
