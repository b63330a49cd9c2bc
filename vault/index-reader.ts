import { openBlob } from './blob.ts'
import type { BlobIndex, BlobLocation } from './blob-index.ts'
import { isDamage, type BlobReader } from './files/blob-reader.ts'
import { damaged } from './format/damaged.ts'
import type { BlobType } from './format/pack.ts'
import { PackCache } from './pack-cache.ts'
import type { Repository } from './repository.ts'
import { storagePath } from './storage/layout.ts'

/** A blob's plaintext from its stored bytes, as `openBlob` of blob.ts. */
export type OpenBlob = (place: BlobLocation, stored: Uint8Array) => Buffer

/** Hands out blobs by one index that stands still, as it does under a lock. */
export class IndexReader implements BlobReader {
  readonly #index: BlobIndex
  readonly #packs: PackCache
  readonly #open: OpenBlob

  constructor(
    repository: Repository,
    index: BlobIndex,
    open: OpenBlob = (place, stored) => openBlob(repository.key, place, stored),
  ) {
    this.#index = index
    this.#open = open
    this.#packs = new PackCache(repository.storage)
  }

  /** From whichever copy is good. Rejects with vault-damaged. */
  async readBlob(type: BlobType, id: string): Promise<Buffer> {
    let failure: Error | undefined
    for (const entry of this.#index.entriesOf(type, id))
      try {
        return await this.readEntry(entry)
      } catch (error) {
        if (!isDamage(error)) throw error
        failure ??= error
      }
    throw failure ?? damaged(`the ${type === 'tree' ? 'folder list' : 'blob'} ${id} is in no index`)
  }

  /** From this very place. Rejects with vault-damaged, naming the pack. */
  async readEntry(entry: number): Promise<Buffer> {
    const place = this.#index.location(entry)
    try {
      const stored = await this.#packs.read(place, this.#index.endOfBlobs(this.#index.packOf(entry)))
      return this.#open(place, stored)
    } catch (error) {
      if (!isDamage(error)) throw error
      throw damaged(
        `the blob ${place.id} in ${storagePath('data', place.pack)} cannot be read: ${error.message}`,
        error,
      )
    }
  }
}
