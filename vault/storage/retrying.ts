import { VaultError } from '../errors.ts'
import { idOf } from '../format/id.ts'
import { interrupted, pause } from '../interrupt.ts'
import type { FileType, Storage, StoredFile } from './storage.ts'

/** What a storage that is tried again goes by. */
export interface Retries {
  /** Aborted: nothing is waited for any more. What is asked then (a lock is taken away) is tried once. */
  readonly signal?: AbortSignal
  /** Told what went wrong, and when it is tried again. */
  readonly onWarning?: (text: string) => void
  readonly timing?: RetryTiming
}

/** How often and how long, and what measures it; milliseconds. */
export interface RetryTiming {
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** From the first failure on: then the request has failed. */
  readonly totalMs: number
  /** How long a request may take that is made once the run is to stop. */
  readonly afterAbortMs: number
  now(): number
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** From 0 to 1. */
  random(): number
}

// restic gives up after 15 minutes, too: a router that restarts or a laptop that changes networks is back by then.
export const retryTiming: RetryTiming = {
  firstWaitMs: 1000,
  longestWaitMs: 60_000,
  totalMs: 15 * 60_000,
  afterAbortMs: 10_000,
  now: () => performance.now(),
  pause,
  random: Math.random,
}

/**
 * A storage whose transient faults are waited out: each request is made again, after longer and longer pauses, until it
 * succeeds, fails for good, or has failed for so long that the fault is none that goes away.
 */
export class RetryingStorage implements Storage {
  readonly location: string
  readonly connections?: number
  readonly #storage: Storage
  readonly #signal: AbortSignal | undefined
  readonly #warn: (text: string) => void
  readonly #timing: RetryTiming
  /** A request has failed for the whole time: until one succeeds, others are not waited for as long once more. */
  #givenUp = false
  /** Of many requests that fail at once, one is told. */
  #quietUntil = -Infinity

  constructor(storage: Storage, { signal, onWarning = () => {}, timing = retryTiming }: Retries = {}) {
    this.location = storage.location
    if (storage.connections !== undefined) this.connections = storage.connections
    this.#storage = storage
    this.#signal = signal
    this.#warn = onWarning
    this.#timing = timing
  }

  prepare(): Promise<void> {
    return this.#retry(() => this.#storage.prepare())
  }

  list(type: FileType): Promise<readonly StoredFile[]> {
    return this.#reading(() => this.#storage.list(type))
  }

  size(type: FileType, name: string): Promise<number | undefined> {
    return this.#reading(() => this.#storage.size(type, name))
  }

  /** What is not what its name says is loaded once more: a wire may have been at fault. */
  async load(type: FileType, name: string): Promise<Buffer> {
    const load = () => this.#reading(() => this.#storage.load(type, name))
    const bytes = await load()
    return type === 'config' || idOf(bytes) === name ? bytes : load()
  }

  loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    return this.#reading(() => this.#storage.loadPart(type, name, offset, length))
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    let before = false
    await this.#retry(async () => {
      try {
        await this.#storage.save(type, name, bytes)
      } catch (error) {
        // What was stored before its answer got lost may be refused the second time.
        if (!before || isTransient(error) || !(await this.#isThere(type, name, bytes.length))) throw error
      } finally {
        before = true
      }
    })
  }

  remove(type: FileType, name: string): Promise<void> {
    return this.#retry(() => this.#storage.remove(type, name))
  }

  async removeLeftovers(before: number): Promise<number> {
    return (await this.#storage.removeLeftovers?.(before)) ?? 0
  }

  async close(): Promise<void> {
    await this.#storage.close?.()
  }

  async #isThere(type: FileType, name: string, size: number): Promise<boolean> {
    return type !== 'config' && (await this.#storage.size(type, name).catch(() => undefined)) === size
  }

  /** Reading has no effect that would have to be waited for when the run is to stop. */
  #reading<T>(act: () => Promise<T>): Promise<T> {
    return this.#retry(() => this.#unlessAborted(act))
  }

  async #retry<T>(act: () => Promise<T>): Promise<T> {
    if (this.#signal?.aborted) return this.#shortly(act)
    let since: number | undefined
    for (let wait = this.#timing.firstWaitMs; ; wait = Math.min(wait * 2, this.#timing.longestWaitMs)) {
      try {
        const result = await act()
        this.#givenUp = false
        return result
      } catch (error) {
        since ??= this.#timing.now()
        await this.#beforeNext(error, since, wait)
      }
    }
  }

  /** Resolves when it is time to try again; rejects with `error` when there is no use in it. */
  async #beforeNext(error: unknown, since: number, wait: number): Promise<void> {
    if (!isTransient(error)) throw error
    if (this.#signal?.aborted) throw interrupted(this.#signal)
    // Some earlier, some later, so that those that failed together do not come back together.
    const ms = Math.round(wait * (0.5 + this.#timing.random()))
    if (this.#givenUp || this.#timing.now() + ms - since > this.#timing.totalMs) {
      this.#givenUp = true
      throw error
    }
    this.#tell(error, ms)
    await this.#timing.pause(ms, this.#signal)
  }

  #tell(error: VaultError, ms: number): void {
    const now = this.#timing.now()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + ms
    this.#warn(`${error.message}; trying again in ${Math.max(1, Math.round(ms / 1000))} s`)
  }

  async #unlessAborted<T>(act: () => Promise<T>): Promise<T> {
    const signal = this.#signal
    if (!signal || signal.aborted) return act()
    const stop = Promise.withResolvers<never>()
    const abort = () => stop.reject(interrupted(signal))
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([act(), stop.promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async #shortly<T>(act: () => Promise<T>): Promise<T> {
    const done = new AbortController()
    const tooLong = this.#timing.pause(this.#timing.afterAbortMs, done.signal).then(
      () => Promise.reject(this.#noAnswer()),
      () => new Promise<never>(() => {}),
    )
    try {
      return await Promise.race([act(), tooLong])
    } finally {
      done.abort()
    }
  }

  #noAnswer(): VaultError {
    return new VaultError('storage-failed', `${this.location} does not answer`, { transient: true })
  }
}

const isTransient = (error: unknown): error is VaultError => error instanceof VaultError && error.transient
