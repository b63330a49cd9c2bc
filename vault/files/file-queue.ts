import type { BatchedFile } from './file-batch.ts'
import type { BulkRestore, FileResult } from './bulk-restore.ts'
import type { JobPool } from './job-pool.ts'

/** How plain files are shared out to threads. */
export interface BatchLimits {
  /** Files of a batch. */
  readonly files: number
  /** Bytes of a batch; a file that is larger is done piece by piece. */
  readonly bytes: number
}

export const batchLimits: BatchLimits = { files: 256, bytes: 4 * 1024 * 1024 }

export interface QueueOptions<F> {
  readonly bulk: BulkRestore
  readonly pool: JobPool
  readonly limits: BatchLimits
  /** Called with each file once its turn has come and gone; `result` is undefined if it had none. */
  readonly settle: (file: F, result: FileResult | undefined) => Promise<void>
}

/** Gathers small files until they are worth a thread's while. */
export class FileQueue<F extends BatchedFile> {
  readonly #options: QueueOptions<F>
  #batch: F[] = []
  #bytes = 0
  #used = false

  constructor(options: QueueOptions<F>) {
    this.#options = options
  }

  /** Resolves when there is room for more. */
  async add(file: F): Promise<void> {
    const { limits } = this.#options
    const size = Number(file.node.size)
    if (size > limits.bytes) return this.#large(file)
    this.#batch.push(file)
    this.#bytes += size
    if (this.#batch.length >= limits.files || this.#bytes >= limits.bytes) await this.#next()
  }

  /** No more files come. So few that they have not filled one batch are done sooner than a thread has started. */
  async finish(): Promise<void> {
    if (this.#used) return this.#next()
    const { pool, settle } = this.#options
    for (const file of this.#batch.splice(0)) await pool.start(() => settle(file, undefined))
  }

  async #large(file: F): Promise<void> {
    const { pool, bulk, settle } = this.#options
    this.#used = true
    await pool.start(async () => settle(file, await bulk.large(file)))
  }

  async #next(): Promise<void> {
    const { pool, bulk, settle } = this.#options
    const batch = this.#batch.splice(0)
    this.#bytes = 0
    this.#used = true
    await pool.start(async () => {
      const results = await bulk.files(batch)
      for (const [i, file] of batch.entries()) await settle(file, results[i])
    })
  }
}
