import type { Clock } from '../../domain/run.ts'

/** Time as the machine itself counts it, and waiting. */
export interface Timer {
  /** Does not go on while the machine sleeps, and nobody sets it. Milliseconds since some moment. */
  uptimeMs(): number
  /** Ends early when the signal aborts, without an error. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

// The two clocks of a machine drift by less in the longest of jobs.
const jumpMs = 120_000

/** Since when somebody has been watching the clock, without sleep and without anybody setting it. */
export class Watch {
  readonly #clock: Clock
  readonly #timer: Timer
  #since: Date
  #difference: number

  /** `since`: what was due from then on is still at its time. */
  constructor(clock: Clock, timer: Timer, since: Date) {
    this.#clock = clock
    this.#timer = timer
    this.#since = since
    this.#difference = this.#measure()
  }

  /** Looks at the clock. */
  look(): { readonly now: Date; readonly watchedSince: Date } {
    const now = this.#clock.now()
    const difference = this.#measure()
    if (Math.abs(difference - this.#difference) > jumpMs) this.#since = now
    this.#difference = difference
    return { now, watchedSince: this.#since }
  }

  #measure(): number {
    return this.#clock.now().getTime() - this.#timer.uptimeMs()
  }
}
