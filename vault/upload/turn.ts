import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Failure } from './failure.ts'

// Packs are stored by this thread too, and must not wait long for it.
const turnMs = 10

/** How long this thread works before others may have it. */
export class Turn {
  readonly #failure: Failure
  #began = performance.now()

  constructor(failure: Failure) {
    this.#failure = failure
  }

  /** Throws if the upload has failed. */
  get isOver(): boolean {
    this.#failure.throwIfFailed()
    return performance.now() - this.#began >= turnMs
  }

  async give(): Promise<void> {
    await nextTurn()
    this.#began = performance.now()
  }
}
