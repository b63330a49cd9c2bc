import type { GivenBlob } from './large-file.ts'
import type { GiveBlob, WorkerPool } from './worker-pool.ts'

/** Blobs of a stream that other workers do. */
export class GivenBlobs {
  readonly #pool: WorkerPool
  readonly #given: Promise<GivenBlob>[] = []

  constructor(pool: WorkerPool) {
    this.#pool = pool
  }

  giveOn({ place, blob }: GiveBlob): void {
    const giving = this.#pool.give('blob', blob).then(async ({ answer }) => ({ place, cut: await answer }))
    // They are awaited when the stream has ended; one that fails before must not end the process by it.
    giving.catch(() => {})
    this.#given.push(giving)
  }

  all(): Promise<GivenBlob[]> {
    return Promise.all(this.#given)
  }
}
