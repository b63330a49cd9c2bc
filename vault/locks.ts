import { throwIfInterrupted } from './interrupt.ts'
import { acquireLock } from './locks/acquire.ts'
import type { HeldLock, LockKind } from './locks/held-lock.ts'
import { findLocks, type FoundLock } from './locks/lock-file.ts'
import { endGuard, guardAgainstSignals } from './locks/signals.ts'
import { lockTiming, type LockTiming } from './locks/timing.ts'
import type { Repository } from './repository.ts'
import type { Lock, VaultRun } from './types.ts'

// Locks keep readers and writers from what deletes. Shared ones stand side by side; an exclusive one stands alone. They
// are files in the vault that all programs of the format respect, and must be renewed while they are in use.

export interface LockOptions extends LockKind {
  readonly timing?: LockTiming
  /**
   * Begun when our lock is written and it is waited for locks that were written at the same moment. Somebody who deletes
   * may still be there: what is read here counts only if it proves unchanged under the lock. Must not throw.
   */
  readonly meanwhile?: (run: VaultRun) => void
}

/** What `use` may ask of the lock it runs under. */
export interface LockScope {
  /** Rejects with vault-locked if someone took our lock away. To be called before anything becomes visible. */
  confirm(): Promise<void>
}

/**
 * Runs `use` under a lock that is renewed while it runs and removed however it ends. The run that `use` gets is `run`
 * with a signal that is also aborted when the lock is lost. Rejects with vault-locked when others are in the way.
 */
export async function withLock<T>(
  repository: Repository,
  { exclusive, purpose, timing = lockTiming, meanwhile }: LockOptions,
  run: VaultRun,
  use: (run: VaultRun, lock: LockScope) => Promise<T>,
): Promise<T> {
  throwIfInterrupted(run)
  const stop = new AbortController()
  const signal = run.signal ? AbortSignal.any([run.signal, stop.signal]) : stop.signal
  guardAgainstSignals(stop)
  try {
    const wanted = { repository, exclusive, purpose, timing, now: run.now ?? Date.now, signal }
    const lock = await acquireLock({ ...wanted, meanwhile: () => meanwhile?.({ ...run, signal }) })
    return await whileRenewed(lock, timing, stop, () => use({ ...run, signal }, lock))
  } finally {
    endGuard(stop)
  }
}

async function whileRenewed<T>(
  lock: HeldLock,
  timing: LockTiming,
  stop: AbortController,
  use: () => Promise<T>,
): Promise<T> {
  const renew = () => lock.renewWhenDue(timing).catch((lost: unknown) => stop.abort(lost))
  const end = timing.every(renew)
  try {
    return await use()
  } finally {
    end()
    await lock.release()
  }
}

/** All locks; one that cannot be read has no host name, pid 0 and the time 0. */
export async function listLocks(repository: Repository, now = Date.now()): Promise<Lock[]> {
  return (await findLocks(repository, now)).map(toLock)
}

/** Removes the stale locks, or all of them, readable or not; returns those that were removed. */
export async function unlock(
  repository: Repository,
  { all }: { readonly all: boolean },
  now = Date.now(),
): Promise<Lock[]> {
  const locks = (await findLocks(repository, now)).filter(lock => all || lock.stale)
  for (const lock of locks) await repository.storage.remove('locks', lock.id)
  if (all) await removeEmpty(repository)
  return locks.map(toLock)
}

// What an interrupted write leaves; nobody takes it for a lock.
async function removeEmpty({ storage }: Repository): Promise<void> {
  for (const { name, size } of await storage.list('locks')) if (size === 0) await storage.remove('locks', name)
}

const toLock = ({ id, time, exclusive, hostname, username, pid, stale }: FoundLock): Lock => ({
  id,
  time,
  exclusive,
  hostname,
  username,
  pid,
  stale,
})
