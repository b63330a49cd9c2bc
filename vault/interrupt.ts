import { setTimeout as delay } from 'node:timers/promises'
import { VaultError } from './errors.ts'

/** What a call rejects with when its run's signal was aborted; the signal's own reason is the cause. */
export const interrupted = (signal: AbortSignal): VaultError =>
  signal.reason instanceof VaultError
    ? signal.reason
    : new VaultError('interrupted', 'the run was interrupted', { cause: signal.reason })

/** To be called between steps that take long: throws 'interrupted' once the run is to stop. */
export function throwIfInterrupted(run: { readonly signal?: AbortSignal }): void {
  if (run.signal?.aborted) throw interrupted(run.signal)
}

/** Waits, but not longer than the run goes on. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {})
  } catch (error) {
    throw signal?.aborted ? interrupted(signal) : error
  }
}
