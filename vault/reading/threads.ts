import { getCompileCacheDir } from 'node:module'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import type { Repository } from '../repository.ts'
import type { FromThread, Kind, Requests, Results, ThreadStart, ToThread } from './messages.ts'

// What is short-lived in a thread is small; a larger young generation would only make it larger.
const resourceLimits = { maxYoungGenerationSizeMb: 8 }

// Reading our TypeScript is half of what a short-lived thread costs, so it uses what this program keeps ready, if it does.
function startOptions(start: ThreadStart | undefined): WorkerOptions {
  const cache = getCompileCacheDir()
  const env = { ...process.env, ...(cache && { NODE_COMPILE_CACHE: path.dirname(cache) }) }
  return { workerData: start, resourceLimits, env }
}

/** As many as cores, 2 to 4. */
export const threadsOfMachine = (): number => Math.min(4, Math.max(2, availableParallelism()))

interface Job {
  readonly resolve: (result: Results[Kind]) => void
  readonly reject: (error: VaultError) => void
}

interface Thread {
  readonly worker: Worker
  readonly jobs: Map<number, Job>
}

/** The threads of one restore or check. Each starts when there is more to do than those there are can take at once. */
export class ReadingThreads {
  readonly #most: number
  readonly #threads: Thread[] = []
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
    for (const { worker } of this.#threads) worker.postMessage({ kind: 'start', start: this.#start } satisfies ToThread)
  }

  get most(): number {
    return this.#most
  }

  /** Resolves with the answer. Whoever asks much limits how much is asked at once. Rejects if a thread cannot go on. */
  ask<K extends Kind>(kind: K, request: Requests[K], transfer: readonly ArrayBuffer[] = []): Promise<Results[K]> {
    if (this.#failure) return Promise.reject(this.#failure)
    const { worker, jobs } = this.#idle()
    const { promise, resolve, reject } = Promise.withResolvers<Results[K]>()
    const job = this.#jobs++
    jobs.set(job, { resolve: resolve as Job['resolve'], reject })
    worker.postMessage({ kind, job, request } as ToThread, transfer)
    return promise
  }

  /** Ends all threads, whatever they are doing; what was asked for and is not answered rejects. */
  async end(): Promise<void> {
    this.#failure ??= new VaultError('bad-input', 'the threads have ended')
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #idle(): Thread {
    const least = this.#threads.toSorted((a, b) => a.jobs.size - b.jobs.size)[0]
    return least && (least.jobs.size === 0 || this.#threads.length === this.#most) ? least : this.#startThread()
  }

  #startThread(): Thread {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), startOptions(this.#start))
    const thread: Thread = { worker, jobs: new Map() }
    let cause: unknown
    worker.on('message', ({ job, result }: FromThread) => {
      thread.jobs.get(job)?.resolve(result)
      thread.jobs.delete(job)
    })
    worker.on('error', error => (cause = error))
    // Not before: what a thread writes to must not be closed or removed under its hands.
    worker.on('exit', () => this.#ended(thread, cause))
    this.#threads.push(thread)
    return thread
  }

  #ended({ jobs }: Thread, cause: unknown): void {
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
