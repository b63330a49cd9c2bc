import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import type { Repository } from '../repository.ts'
import { Thread, threadOptions } from '../thread.ts'
import type { FromThread, Kind, Requests, Results, ThreadStart, ToThread } from './messages.ts'

/** As many as cores, 2 to 4. */
export const threadsOfMachine = (): number => Math.min(4, Math.max(2, availableParallelism()))

interface Job {
  readonly resolve: (result: Results[Kind]) => void
  readonly reject: (error: VaultError) => void
}

interface Reader {
  readonly thread: Thread<ToThread, FromThread>
  readonly jobs: Map<number, Job>
}

/** The threads of one restore or check. Each starts when there is more to do than those there are can take at once. */
export class ReadingThreads {
  readonly #most: number
  readonly #readers: Reader[] = []
  #start: ThreadStart | undefined
  #jobs = 0
  #failure: VaultError | undefined

  /** Without a repository they can only be asked for `hash` until they have one. */
  constructor(repository?: Repository, most = threadsOfMachine()) {
    this.#most = most
    if (repository) this.unlock(repository)
  }

  /** Gives them the key of what they are going to read. */
  unlock({ key, config }: Repository): void {
    this.#start = { key, polynomial: config.polynomial }
    for (const { thread } of this.#readers) thread.post({ kind: 'start', start: this.#start })
  }

  get most(): number {
    return this.#most
  }

  /** Resolves with the answer. Whoever asks much limits how much is asked at once. Rejects if a thread cannot go on. */
  ask<K extends Kind>(kind: K, request: Requests[K], transfer: readonly ArrayBuffer[] = []): Promise<Results[K]> {
    if (this.#failure) return Promise.reject(this.#failure)
    const { thread, jobs } = this.#idle()
    const { promise, resolve, reject } = Promise.withResolvers<Results[K]>()
    const job = this.#jobs++
    jobs.set(job, { resolve: resolve as Job['resolve'], reject })
    thread.post({ kind, job, request } as ToThread, transfer)
    return promise
  }

  /** Ends all threads, whatever they are doing; what was asked for and is not answered rejects. */
  async end(): Promise<void> {
    this.#failure ??= new VaultError('bad-input', 'the threads have ended')
    await Promise.all(this.#readers.map(({ thread }) => thread.end()))
  }

  #idle(): Reader {
    const least = this.#readers.toSorted((a, b) => a.jobs.size - b.jobs.size)[0]
    return least && (least.jobs.size === 0 || this.#readers.length === this.#most) ? least : this.#startReader()
  }

  #startReader(): Reader {
    const jobs: Reader['jobs'] = new Map()
    const worker = new Worker(new URL('./worker.ts', import.meta.url), threadOptions(this.#start))
    const thread = new Thread<ToThread, FromThread>(worker, {
      onMessage: ({ job, result }) => {
        jobs.get(job)?.resolve(result)
        jobs.delete(job)
      },
      // Not before: what a thread writes to must not be closed or removed under its hands.
      onEnd: cause => this.#ended(jobs, cause),
    })
    const reader = { thread, jobs }
    this.#readers.push(reader)
    return reader
  }

  #ended(jobs: Reader['jobs'], cause: unknown): void {
    this.#failure ??= threadFailed(cause)
    for (const { reject } of jobs.values()) reject(this.#failure)
    jobs.clear()
  }
}

const threadFailed = (cause: unknown): VaultError =>
  new VaultError('storage-failed', `a thread that reads ended unexpectedly${cause ? `: ${String(cause)}` : ''}`, {
    hint: 'run it again, and see that the machine has memory to spare',
    cause,
  })
