import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import type { Failure } from '../upload/failure.ts'
import type { ResealAnswer, ResealStart } from './reseal-worker.ts'
import type { Resealed, Stretch } from './reseal.ts'

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, (resealed: Resealed) => void>
}

// What is short-lived in a thread is small; a larger young generation would only make it larger.
const resourceLimits = { maxYoungGenerationSizeMb: 8 }
const mostThreads = 4

/** The threads that a copy's blobs go through; each starts when there is too much for those before it. */
export class ResealPool {
  readonly width = Math.min(mostThreads, Math.max(2, availableParallelism()))
  readonly #start: ResealStart
  readonly #failure: Failure
  readonly #threads: Thread[] = []
  #jobs = 0
  #ended = false

  constructor(start: ResealStart, failure: Failure) {
    this.#start = start
    this.#failure = failure
  }

  /** Takes the stretch's memory. Rejects when the copy fails. */
  reseal({ bytes, blobs }: Stretch): Promise<Resealed> {
    const thread = this.#idlest()
    const job = this.#jobs++
    const { promise, resolve } = Promise.withResolvers<Resealed>()
    thread.waiting.set(job, resolve)
    const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
    thread.worker.postMessage({ job, stretch: { bytes: owned, blobs } }, [owned.buffer as ArrayBuffer])
    return this.#failure.during(promise)
  }

  /** Ends the threads at once, whatever they are doing. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #idlest(): Thread {
    const idlest = this.#threads.toSorted((a, b) => a.waiting.size - b.waiting.size)[0]
    if (idlest && (idlest.waiting.size === 0 || this.#threads.length >= this.width)) return idlest
    return this.#begin()
  }

  #begin(): Thread {
    const worker = new Worker(new URL('./reseal-worker.ts', import.meta.url), {
      workerData: this.#start,
      resourceLimits,
    })
    const thread: Thread = { worker, waiting: new Map() }
    worker.on('message', (answer: ResealAnswer) => this.#receive(thread, answer))
    worker.on('error', error => this.#failure.fail(threadFailed(error.message)))
    worker.on('exit', () => this.#ended || this.#failure.fail(threadFailed('it ended')))
    this.#threads.push(thread)
    return thread
  }

  #receive({ waiting }: Thread, answer: ResealAnswer): void {
    if ('failure' in answer) return this.#failure.fail(threadFailed(answer.failure))
    waiting.get(answer.job)?.(answer.resealed)
    waiting.delete(answer.job)
  }
}

const threadFailed = (why: string): VaultError =>
  new VaultError('storage-failed', `a thread of the copy ended unexpectedly: ${why}`, {
    hint: 'run it again, and see that the machine has memory to spare; what was copied so far is kept and used',
  })
