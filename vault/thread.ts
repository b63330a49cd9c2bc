import { getCompileCacheDir } from 'node:module'
import path from 'node:path'
import { parentPort, type Transferable, type Worker, type WorkerOptions } from 'node:worker_threads'

// A thread that is ended while a native library is being loaded takes the whole program along: from then on every call of
// Node-API fails, and all that the library can do about that is abort. So no thread is ended before it has loaded all it needs.

const loadedWord = 'loaded'
const loading = new Set<Promise<void>>()

/** To be called by every thread that a `Thread` stands for, first of all. */
export const tellLoaded = (): void => parentPort!.postMessage(loadedWord)

/** Resolves when no thread is loading: this process must not exit before. */
export async function threadsLoaded(): Promise<void> {
  await Promise.all(loading)
}

// What is short-lived in a thread is small; a larger young generation would only make it larger.
const resourceLimits = { maxYoungGenerationSizeMb: 8 }

/** What a thread is to be started with. Reading our code is half of what a short one costs: it uses what is kept compiled. */
export function threadOptions(workerData?: object): WorkerOptions {
  const cache = getCompileCacheDir()
  const env = { ...process.env, ...(cache && { NODE_COMPILE_CACHE: path.dirname(cache) }) }
  return { workerData, resourceLimits, env }
}

export interface ThreadEvents<Received> {
  onMessage(message: Received): void
  /** It is there no more. `cause` is an error that nobody caught in it. */
  onEnd(cause: unknown): void
}

/** One thread, seen from the one that started it. */
export class Thread<Sent, Received> {
  readonly #worker: Worker
  readonly #loaded: Promise<void>

  /** Takes a worker that has just been made. */
  constructor(worker: Worker, { onMessage, onEnd }: ThreadEvents<Received>) {
    const { promise, resolve } = Promise.withResolvers<void>()
    let cause: unknown
    worker.on('message', (message: Received | typeof loadedWord) => {
      if (message === loadedWord) resolve()
      else onMessage(message)
    })
    worker.on('error', error => (cause = error))
    worker.on('exit', () => {
      resolve()
      onEnd(cause)
    })
    this.#worker = worker
    this.#loaded = promise
    loading.add(promise)
    void promise.then(() => loading.delete(promise))
  }

  post(message: Sent, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  /** Ends it, whatever it is doing, but not before it is loaded. Resolves when it is gone. */
  async end(): Promise<void> {
    await this.#loaded
    await this.#worker.terminate()
  }
}
