import { hostname, userInfo } from 'node:os'
import type { Lock } from '../types.ts'
import { VaultError } from '../errors.ts'
import { parseJson } from '../format/json.ts'
import { JsonObject } from '../format/json-object.ts'
import { encodeLock, parseLock } from '../format/lock.ts'
import type { Repository } from '../repository.ts'
import { isPidGone, isSurelyGone, processOrigin } from './owner.ts'

/** restic's rule: nobody who is alive leaves a lock this long without renewing it. */
export const staleAfterMs = 30 * 60_000

/** A lock as found in the vault. */
export interface FoundLock extends Lock {
  /** See owner.ts; '' in locks of other programs. */
  readonly origin: string
  /** What its holder does that nobody may do beside it; '' where there is no such thing. restic ignores the field. */
  readonly purpose: string
  /** Why it cannot be read; then nothing but the id is known. */
  readonly unreadable?: unknown
}

/** The JSON of a lock of this process. */
export function ownLock(time: Date, exclusive: boolean, purpose = ''): Buffer {
  const owner = { hostname: hostname(), username: userName(), pid: process.pid }
  const ids = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const json = encodeLock({ time, exclusive, ...owner, ...ids }).toString()
  const more = purpose === '' ? '' : `,"purpose":${JSON.stringify(purpose)}`
  return Buffer.from(`${json.slice(0, -1)},"origin":${JSON.stringify(processOrigin())}${more}}`)
}

/** The name of this user; a number where the system has no name for it, as in many containers. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? String(process.getuid?.() ?? '')
  }
}

/** All locks that there are. One that cannot be read is told with its error; empty files are no locks. */
export async function findLocks(repository: Repository, now: number): Promise<FoundLock[]> {
  const files = (await repository.storage.list('locks')).filter(file => file.size > 0)
  const locks = await Promise.all(files.map(({ name }) => readLock(repository, name, now)))
  return locks.filter(lock => lock !== undefined)
}

// undefined: released between listing and reading.
async function readLock(repository: Repository, id: string, now: number): Promise<FoundLock | undefined> {
  try {
    const json = await repository.loadUnpacked('locks', id)
    const own = new JsonObject(parseJson(json, 'a lock'), 'a lock', ownFields)
    const lock = { ...parseLock(json), origin: own.text('origin'), purpose: own.text('purpose') }
    const { time, exclusive, hostname, username, pid, origin, purpose } = lock
    return { id, time, exclusive, hostname, username, pid, origin, purpose, stale: isOld(lock, now) || isPidGone(lock) }
  } catch (error) {
    if (error instanceof VaultError && error.code === 'file-missing') return undefined
    if (error instanceof VaultError && error.code !== 'vault-damaged') throw error
    return {
      id,
      time: new Date(0),
      exclusive: true,
      hostname: '',
      username: '',
      pid: 0,
      origin: '',
      purpose: '',
      stale: false,
      unreadable: error,
    }
  }
}

const ownFields = new Set(['origin', 'purpose'])
const isOld = (lock: { time: Date }, now: number): boolean => now - lock.time.getTime() > staleAfterMs

/**
 * Whether nobody needs the lock any more, beyond doubt: its process is known to be gone, or it is an old lock of this
 * host and no such process runs. restic would wait for someone to call `unlock`.
 */
export const isAbandoned = (lock: FoundLock, now: number): boolean =>
  !lock.unreadable && (isSurelyGone(lock) || (isOld(lock, now) && isPidGone(lock)))

/** The lock that keeps a run out, for people. */
export function lockedError(location: string, lock: FoundLock): VaultError {
  if (lock.unreadable)
    return new VaultError('vault-locked', `the vault at ${location} has a lock that cannot be read: locks/${lock.id}`, {
      hint: 'if nobody else uses the vault now, remove it with: aidatavault unlock --all',
      cause: lock.unreadable,
    })
  const who = `${lock.username || 'somebody'}@${lock.hostname || 'an unknown host'} (process ${lock.pid})`
  const how = lock.exclusive ? 'in use alone' : lock.purpose ? `in use (${lock.purpose})` : 'in use'
  return new VaultError(
    'vault-locked',
    `the vault at ${location} is ${how} by ${who}, last seen ${lock.time.toISOString()}`,
    {
      hint: lock.stale
        ? 'that run looks dead; release its lock with: aidatavault unlock'
        : 'wait until that run has ended; if it is gone, release its lock with: aidatavault unlock',
    },
  )
}
