import { ReadingThreads } from '../reading/threads.ts'
import type { Repository } from '../repository.ts'
import type { Storage, StoredFile } from '../storage/storage.ts'
import { largestInMemory } from './pack-bytes.ts'

/** Less than so many bytes are checked sooner than a thread has started. */
export const worthThreads = 4 * 1024 * 1024

// What is hashed is read again when it is opened, and shall then still be in the system's memory, however long it is
// waited for a lock.
const mostAhead = 1024 * 1024 * 1024

/**
 * The threads of a check that is going to read everything, while there is no key yet: deriving it takes one core a third of a
 * second. Meanwhile they hash packs, as far as these lie on this machine.
 */
export class PacksAhead {
  readonly threads: ReadingThreads
  readonly #named = new Set<string>()
  readonly #hashing: Promise<unknown>[] = []
  #packs: Iterator<StoredFile> | undefined
  readonly #storage: Storage
  #bytes = 0
  #ended = false

  constructor(storage: Storage, threads?: number) {
    this.#storage = storage
    this.threads = new ReadingThreads(undefined, threads)
    if (storage.localPath) this.#hashing.push(this.#begin().catch(() => {}))
  }

  /** The key is there: another core is free, and until `finish` there is nothing for it to do. */
  unlock(repository: Repository): void {
    this.threads.unlock(repository)
    for (let more = 1; more < this.threads.most; more++) this.#hashing.push(this.#hashNext().catch(() => {}))
  }

  /** Hashes no more; the packs that have the hash that they are named after. */
  async finish(): Promise<ReadonlySet<string>> {
    this.#ended = true
    return this.hashed()
  }

  /** The same when all are hashed that may be. */
  async hashed(): Promise<ReadonlySet<string>> {
    await Promise.all(this.#hashing)
    return this.#named
  }

  /** Where it comes to no check. */
  async end(): Promise<void> {
    this.#ended = true
    await this.threads.end()
  }

  get #mayGoOn(): boolean {
    return !this.#ended && this.#bytes < mostAhead
  }

  async #begin(): Promise<void> {
    const files = await this.#storage.list('data')
    if (files.reduce((sum, { size }) => sum + size, 0) < worthThreads) return
    this.#packs = files.filter(({ size }) => size <= largestInMemory).values()
    await this.#hashNext()
  }

  async #hashNext(): Promise<void> {
    for (let next = this.#packs?.next(); next && !next.done && this.#mayGoOn; next = this.#packs!.next()) {
      const { name, size } = next.value
      this.#bytes += size
      const file = { path: this.#storage.localPath!('data', name), offset: 0, length: size }
      if (await this.threads.ask('hash', { name, file })) this.#named.add(name)
    }
  }
}
