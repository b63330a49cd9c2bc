import { pause } from '../interrupt.ts'

/** The times of the lock protocol, and what measures them. */
export interface LockTiming {
  /**
   * Between writing one's own lock and looking once more, so that of two that begin at once at least one sees the other: far
   * away, a file may take a moment until it is listed.
   */
  readonly settleMs: number
  readonly refreshAfterMs: number
  /** A lock that could not be renewed for so long protects nobody: the run must end. */
  readonly lostAfterMs: number
  /** How long to wait before each further attempt to read an unreadable lock; it may still be on its way. */
  readonly retryUnreadableMs: readonly number[]
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `tick` now and then until the result is called. */
  every(tick: () => Promise<void>): () => void
}

// restic takes a lock for stale after 30 minutes without renewal. Renewing every 5 lets several attempts fail (a busy
// disk, a slow bucket); giving up at 22.5 leaves time to stop before anybody may remove the lock. The clock is looked at
// far more often, as a machine that slept must notice when it wakes.
export const lockTiming: LockTiming = {
  settleMs: 200,
  refreshAfterMs: 5 * 60_000,
  lostAfterMs: 22.5 * 60_000,
  retryUnreadableMs: [500, 1000, 2000],
  pause,
  every: tick => {
    const timer = setInterval(() => void tick(), 10_000).unref()
    return () => clearInterval(timer)
  },
}
