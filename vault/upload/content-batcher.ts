import type { CutOptions } from '../types.ts'
import type { Failure } from './failure.ts'
import { idTexts } from './id-list.ts'
import type { CutContents } from './messages.ts'
import type { WorkerPool } from './worker-pool.ts'

const batchBytes = 1024 * 1024
const batchContents = 256

interface PendingContent {
  readonly bytes: Buffer
  readonly cut: (content: readonly string[]) => void
}

/** Has small contents that are in memory made into blobs, many at a time. */
export class ContentBatcher {
  readonly #pool: WorkerPool
  readonly #failure: Failure
  readonly #cutOptions: CutOptions
  #batch: PendingContent[] = []
  #bytes = 0
  readonly #batches = new Set<Promise<void>>()

  constructor(pool: WorkerPool, failure: Failure, { blockBytes }: CutOptions = {}) {
    this.#pool = pool
    this.#failure = failure
    this.#cutOptions = blockBytes ? { blockBytes } : {}
  }

  /** `cut` is called with the blobs later. Resolves when there is room for the next. */
  async add(bytes: Buffer, cut: (content: readonly string[]) => void): Promise<void> {
    this.#batch.push({ bytes, cut })
    this.#bytes += bytes.length
    if (this.#bytes >= batchBytes || this.#batch.length >= batchContents) await this.#send()
  }

  /** Resolves when all contents have been told their blobs. */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) await this.#send()
    await this.#failure.during(Promise.all(this.#batches))
  }

  async #send(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#bytes = 0
    const bytes = new Uint8Array(Buffer.concat(batch.map(content => content.bytes)))
    const lengths = Uint32Array.from(batch, content => content.bytes.length)
    const { answer } = await this.#pool.give('contents', { bytes, lengths, ...this.#cutOptions }, [
      bytes.buffer,
      lengths.buffer,
    ])
    const told = answer
      .then(contents => tellEach(batch, contents))
      .catch(error => this.#failure.fail(error))
      .finally(() => this.#batches.delete(told))
    this.#batches.add(told)
  }
}

function tellEach(batch: readonly PendingContent[], { ids, blobs }: CutContents): void {
  const texts = idTexts(ids)
  let at = 0
  batch.forEach(({ cut }, i) => cut(texts.slice(at, (at += blobs[i]!))))
}
