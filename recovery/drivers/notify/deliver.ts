import { setTimeout as pause } from 'node:timers/promises'
import { DeliveryFailure } from './delivery-failure.ts'

/** How often and how long a message is tried; milliseconds. */
export interface DeliveryTiming {
  readonly attempts: number
  /** How long one try may take. */
  readonly attemptMs: number
  readonly firstWaitMs: number
  /** From the first try to the beginning of the last one. */
  readonly totalMs: number
}

// A message of a failed backup is worth a minute, and no more: the next job, or the person at the terminal, waits for it.
export const deliveryTiming: DeliveryTiming = { attempts: 4, attemptMs: 10_000, firstWaitMs: 1000, totalMs: 60_000 }

/**
 * Tries `send` until it succeeds, fails for good, or the time is up; a wait that the service asks for is kept, or, where it is longer
 * than there is time, not begun. Rejects with what went wrong last, and with an AbortError as soon as `signal` ends it.
 */
export async function deliver(
  send: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  timing: DeliveryTiming = deliveryTiming,
): Promise<void> {
  const began = performance.now()
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    try {
      return await once(send, signal, timing.attemptMs)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof DeliveryFailure) || !error.transient || attempt >= timing.attempts) throw error
      const wait = error.retryAfterMs ?? timing.firstWaitMs * 2 ** (attempt - 1)
      if (performance.now() - began + wait > timing.totalMs) throw error
      await pause(wait, undefined, { signal })
    }
  }
}

/** A try that hangs fails, whatever it hangs on. */
async function once(send: (signal: AbortSignal) => Promise<void>, signal: AbortSignal, ms: number): Promise<void> {
  const tooLong = AbortSignal.timeout(ms)
  await send(AbortSignal.any([signal, tooLong]))
}
