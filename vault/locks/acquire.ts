import type { Repository } from '../repository.ts'
import { HeldLock, type LockKind } from './held-lock.ts'
import { findLocks, isAbandoned, lockedError, type FoundLock } from './lock-file.ts'
import type { LockTiming } from './timing.ts'

/** What an acquisition needs to know. */
export interface Acquisition extends LockKind {
  readonly repository: Repository
  readonly timing: LockTiming
  readonly now: () => number
  readonly signal: AbortSignal
  /** Called when the lock is written, and before it is known that it may stay. */
  readonly meanwhile?: () => void
}

/**
 * Takes a lock as restic does: look, write, wait, look again. Of two that begin at the same moment one may win or none,
 * never both. On a disk nothing is waited for: what was written before the second look is seen by it, and who writes later looks later.
 * Locks whose process is surely gone are removed on the way. Rejects with vault-locked.
 */
export async function acquireLock(wanted: Acquisition): Promise<HeldLock> {
  await removeAbandoned(wanted)
  await refuseConflict(wanted)
  const lock = await HeldLock.write(wanted.repository, wanted, wanted.now)
  try {
    wanted.meanwhile?.()
    if (!wanted.repository.storage.localPath) await wanted.timing.pause(wanted.timing.settleMs, wanted.signal)
    await refuseConflict(wanted, lock)
    return lock
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function removeAbandoned({ repository, now }: Acquisition): Promise<void> {
  for (const lock of await findLocks(repository, now()))
    if (isAbandoned(lock, now())) await repository.storage.remove('locks', lock.id)
}

async function refuseConflict(wanted: Acquisition, own?: HeldLock): Promise<void> {
  const locks = (await readableLocks(wanted)).filter(lock => !own?.isOurs(lock.id))
  const conflict =
    locks.find(lock => lock.exclusive || isSamePurpose(lock, wanted)) ?? (wanted.exclusive ? locks[0] : undefined)
  if (conflict) throw lockedError(wanted.repository.location, conflict)
}

// One that is stale is of a machine that fell: it harms nobody that the same is begun again.
const isSamePurpose = (lock: FoundLock, { purpose }: LockKind) =>
  purpose !== undefined && lock.purpose === purpose && !lock.stale

// One that cannot be read may still be on its way; if it stays so, it counts as exclusive.
async function readableLocks({ repository, timing, now, signal }: Acquisition): Promise<FoundLock[]> {
  let locks = await findLocks(repository, now())
  for (const ms of timing.retryUnreadableMs) {
    if (!locks.some(lock => lock.unreadable)) break
    await timing.pause(ms, signal)
    locks = await findLocks(repository, now())
  }
  return locks
}
