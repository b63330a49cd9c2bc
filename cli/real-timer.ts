import { setTimeout as delay } from 'node:timers/promises'
import type { Timer } from '../recovery/operations/index.ts'

/** The clock of this machine. */
export const realTimer: Timer = {
  uptimeMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
}
