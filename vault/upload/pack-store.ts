import type { BlobType } from '../format/pack.ts'
import { headerEntrySize, sealOverhead } from '../format/pack.ts'
import type { Repository } from '../repository.ts'
import type { BlobList } from './blob-list.ts'
import type { Failure } from './failure.ts'
import type { IndexWriter } from './index-writer.ts'
import type { FinishedPack } from './pack-builder.ts'

/** What an upload has put into the vault. Bytes: of plaintext, and as stored with their share of the packs' headers. */
export interface StoredTotals {
  dataBlobs: number
  treeBlobs: number
  plainBytes: number
  packedBytes: number
}

/** Stores finished packs, and has them listed in the index once they are durable. */
export class PackStore {
  readonly totals: StoredTotals = { dataBlobs: 0, treeBlobs: 0, plainBytes: 0, packedBytes: 0 }
  readonly #repository: Repository
  readonly #index: IndexWriter
  readonly #failure: Failure
  readonly #storing = new Set<Promise<void>>()

  constructor(repository: Repository, index: IndexWriter, failure: Failure) {
    this.#repository = repository
    this.#index = index
    this.#failure = failure
  }

  /** Resolves when it is durable; if that fails, the upload does. */
  store(pack: FinishedPack, type: BlobType): Promise<void> {
    const storing = this.#store(pack, type)
      .catch((error: unknown) => void this.#failure.fail(error))
      .finally(() => this.#storing.delete(storing))
    this.#storing.add(storing)
    return storing
  }

  /** Resolves when nothing is being stored any more. */
  async settled(): Promise<void> {
    while (this.#storing.size > 0) await Promise.all(this.#storing)
  }

  async #store(pack: FinishedPack, type: BlobType): Promise<void> {
    const { id, blobs, release } = pack
    this.#failure.throwIfFailed()
    const { storage } = this.#repository
    await ('draft' in pack ? storage.saveDraft!('data', id, pack.draft) : storage.save('data', id, pack.bytes))
    release()
    // A slow save may end long after the upload.
    this.#failure.throwIfFailed()
    this.#count(blobs, type)
    await this.#index.add({ id, type, blobs })
  }

  #count({ count, lengths }: BlobList, type: BlobType): void {
    this.totals[type === 'data' ? 'dataBlobs' : 'treeBlobs'] += count
    for (let i = 0; i < count; i++) {
      const [length, uncompressedLength] = [lengths[i * 2]!, lengths[i * 2 + 1]!]
      this.totals.plainBytes += uncompressedLength || length - sealOverhead
      this.totals.packedBytes += length + headerEntrySize({ uncompressedLength })
    }
  }
}
