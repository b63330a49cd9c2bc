import { throwIfInterrupted } from '../interrupt.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'
import { acquireLock } from './acquire.ts'
import type { HeldLock } from './held-lock.ts'
import { endGuard, guardAgainstSignals } from './signals.ts'
import { lockTiming, type LockTiming } from './timing.ts'

// Who only reads has written nothing that others must know of: it is seen by whoever begins to delete, and need not wait
// for locks of the same moment.
const readTiming: LockTiming = { ...lockTiming, settleMs: 0, retryUnreadableMs: [] }

/**
 * Runs `use` under a shared lock where one can be had. A recovery never fails for the lock: in a vault that cannot be
 * written to, or that somebody uses alone (or left so when he fell), it reads without one, and `unlocked` is told why; the
 * same when the lock is lost. What is read is verified either way. The signal is aborted as `run`'s is.
 */
export async function whileReading<T>(
  repository: Repository,
  run: VaultRun,
  use: (signal: AbortSignal) => Promise<T>,
  unlocked: (why: unknown) => void,
  timing: LockTiming = readTiming,
): Promise<T> {
  throwIfInterrupted(run)
  const stop = new AbortController()
  const signal = run.signal ? AbortSignal.any([run.signal, stop.signal]) : stop.signal
  guardAgainstSignals(stop)
  try {
    const wanted = { repository, exclusive: false, timing, now: run.now ?? Date.now, signal }
    const lock = await acquireLock(wanted).catch((error: unknown) => {
      throwIfInterrupted({ signal })
      unlocked(error)
    })
    return await (lock ? whileRenewed(lock, timing, unlocked, () => use(signal)) : use(signal))
  } finally {
    endGuard(stop)
  }
}

async function whileRenewed<T>(
  lock: HeldLock,
  timing: LockTiming,
  unlocked: (why: unknown) => void,
  use: () => Promise<T>,
): Promise<T> {
  const end = timing.every(() =>
    lock.renewWhenDue(timing).catch((lost: unknown) => {
      end()
      unlocked(lost)
    }),
  )
  try {
    return await use()
  } finally {
    end()
    await lock.release()
  }
}
