import { openBlob } from './blob.ts'
import type { BlobIndex, BlobLocation } from './blob-index.ts'
import { VaultError } from './errors.ts'
import type { BlobReader } from './files/blob-reader.ts'
import { isDamage } from './files/blob-reader.ts'
import { damaged } from './format/damaged.ts'
import type { BlobType } from './format/pack.ts'
import { loadIndex } from './load-index.ts'
import { PackCache } from './pack-cache.ts'
import type { BulkSource } from './reading/bulk-source.ts'
import type { Repository } from './repository.ts'
import { storagePath } from './storage/layout.ts'

interface LoadedIndex {
  readonly index: BlobIndex
  /** The names of the index files, sorted, that were there. */
  readonly files: string
  /** Index files that could not be read. */
  readonly damaged: readonly string[]
}

/**
 * Hands out blobs, verified. The index is read when the first blob is asked for, and again when one is not in it, as
 * somebody may have added to the vault. A damaged index file keeps nobody from reading what the others list.
 */
export class VaultReader implements BlobReader {
  readonly #repository: Repository
  readonly #packs: PackCache
  #loaded: Promise<LoadedIndex> | undefined

  constructor(repository: Repository) {
    this.#repository = repository
    this.#packs = new PackCache(repository.storage)
  }

  /** The plaintext of a blob, from whichever copy of it is good. Rejects with vault-damaged, saying what is wrong with each. */
  async readBlob(type: BlobType, id: string): Promise<Buffer> {
    let loaded = await this.#index()
    for (;;) {
      const result = await this.#tryPlaces(loaded.index, loaded.index.lookup(type, id))
      if (Buffer.isBuffer(result)) return result
      const now = await this.#newerIndex(loaded)
      if (now === loaded) throw cannotRead(type, id, result, loaded)
      loaded = now
    }
  }

  async bulk(): Promise<BulkSource> {
    return { repository: this.#repository, index: (await this.#index()).index }
  }

  /** Forgets the index; the next blob reads it anew. */
  forget(): void {
    this.#loaded = undefined
  }

  // What is wrong with each place, when none is good. Each is read twice, as a wire may have been at fault; the second
  // time nothing comes from memory.
  async #tryPlaces(index: BlobIndex, places: readonly BlobLocation[]): Promise<Buffer | VaultError[]> {
    let failures: VaultError[] = []
    for (const again of [false, true]) {
      failures = []
      for (const place of places) {
        const result = await this.#tryPlace(index, place, again)
        if (Buffer.isBuffer(result)) return result
        failures.push(result)
      }
    }
    return failures
  }

  async #tryPlace(index: BlobIndex, place: BlobLocation, again: boolean): Promise<Buffer | VaultError> {
    try {
      const end = index.endOfBlobs(index.packNumberOf(place.pack)!)
      const stored = again ? await this.#packs.readAlone(place) : await this.#packs.read(place, end)
      return openBlob(this.#repository.key, place, stored)
    } catch (error) {
      if (!isDamage(error)) throw error
      const file = storagePath('data', place.pack)
      return error.message.includes(file) ? error : damaged(`in ${file}, ${error.message}`, error)
    }
  }

  #index(): Promise<LoadedIndex> {
    this.#loaded ??= this.#load()
    return this.#loaded
  }

  /** `known` itself if nothing was added to the vault since. */
  async #newerIndex(known: LoadedIndex): Promise<LoadedIndex> {
    const loaded = await this.#index()
    if (loaded !== known || (await this.#fileNames()) === known.files) return loaded
    this.forget()
    return this.#index()
  }

  async #load(): Promise<LoadedIndex> {
    try {
      const damaged: string[] = []
      const files = await this.#fileNames()
      const index = await loadIndex(this.#repository, {}, id => damaged.push(id))
      return { index, files, damaged }
    } catch (error) {
      this.forget()
      throw error
    }
  }

  async #fileNames(): Promise<string> {
    const files = await this.#repository.storage.list('index')
    return files
      .map(({ name }) => name)
      .toSorted()
      .join()
  }
}

function cannotRead(type: BlobType, id: string, failures: readonly VaultError[], loaded: LoadedIndex): VaultError {
  const what = `the ${type === 'tree' ? 'folder list' : 'blob'} ${id}`
  if (failures.length > 0)
    return damaged(`${what} cannot be read: ${failures.map(({ message }) => message).join('; ')}`, failures[0])
  const unread = loaded.damaged.map(name => `; ${storagePath('index', name)} cannot be read`).join('')
  return damaged(`${what} is not in the vault's index${unread}`)
}
