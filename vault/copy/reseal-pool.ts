import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import { Thread, threadOptions } from '../thread.ts'
import type { Failure } from '../upload/failure.ts'
import type { ResealAnswer, ResealJob, ResealStart } from './reseal-worker.ts'
import type { Resealed, Stretch } from './reseal.ts'

type Waiting = Map<number, (resealed: Resealed) => void>

interface Resealer {
  readonly thread: Thread<ResealJob, ResealAnswer>
  readonly waiting: Waiting
}

const mostThreads = 4

/** The threads that a copy's blobs go through; each starts when there is too much for those before it. */
export class ResealPool {
  readonly width = Math.min(mostThreads, Math.max(2, availableParallelism()))
  readonly #start: ResealStart
  readonly #failure: Failure
  readonly #resealers: Resealer[] = []
  #jobs = 0
  #ended = false

  constructor(start: ResealStart, failure: Failure) {
    this.#start = start
    this.#failure = failure
  }

  /** Takes the stretch's memory. Rejects when the copy fails. */
  reseal({ bytes, blobs }: Stretch): Promise<Resealed> {
    const { thread, waiting } = this.#idlest()
    const job = this.#jobs++
    const { promise, resolve } = Promise.withResolvers<Resealed>()
    waiting.set(job, resolve)
    const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
    thread.post({ job, stretch: { bytes: owned, blobs } }, [owned.buffer as ArrayBuffer])
    return this.#failure.during(promise)
  }

  /** Ends the threads, whatever they are doing. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#resealers.map(({ thread }) => thread.end()))
  }

  #idlest(): Resealer {
    const idlest = this.#resealers.toSorted((a, b) => a.waiting.size - b.waiting.size)[0]
    if (idlest && (idlest.waiting.size === 0 || this.#resealers.length >= this.width)) return idlest
    return this.#begin()
  }

  #begin(): Resealer {
    const waiting: Waiting = new Map()
    const worker = new Worker(new URL('./reseal-worker.ts', import.meta.url), threadOptions(this.#start))
    const thread = new Thread<ResealJob, ResealAnswer>(worker, {
      onMessage: answer => this.#receive(waiting, answer),
      onEnd: cause => {
        if (!this.#ended) void this.#failure.fail(threadFailed(cause ? String(cause) : 'it ended'))
      },
    })
    const resealer = { thread, waiting }
    this.#resealers.push(resealer)
    return resealer
  }

  #receive(waiting: Waiting, answer: ResealAnswer): void {
    if ('failure' in answer) return this.#failure.fail(threadFailed(answer.failure))
    waiting.get(answer.job)?.(answer.resealed)
    waiting.delete(answer.job)
  }
}

const threadFailed = (why: string): VaultError =>
  new VaultError('storage-failed', `a thread of the copy ended unexpectedly: ${why}`, {
    hint: 'run it again, and see that the machine has memory to spare; what was copied so far is kept and used',
  })
