import { openBlob } from '../blob.ts'
import { openPack } from '../check/pack-bytes.ts'
import type { PackTable } from '../check/pack-table.ts'
import { isDamage } from '../files/blob-reader.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { BitSet } from '../prune/bit-set.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'
import type { BlobIndex } from '../blob-index.ts'

/** Which packs are damaged, and which of their blobs cannot be read. */
export class BadPacks {
  /** Numbers in the index. */
  readonly packs = new Set<number>()
  /** Entries that are not what their ids say. */
  readonly entries: BitSet
  readonly #index: BlobIndex
  readonly #verified = new Set<number>()

  constructor(index: BlobIndex) {
    this.#index = index
    this.entries = new BitSet(index.count)
  }

  /** Whether some copy of the blob is good, as far as is known. */
  hasGood(type: 'data' | 'tree', id: string): boolean {
    return this.#index.entriesOf(type, id).some(entry => !this.entries.has(entry))
  }

  /** Reads a pack whole and notes what is wrong with it. Once only. */
  async verify(pack: number, repository: Repository, table: PackTable, run: VaultRun): Promise<void> {
    if (this.#verified.has(pack)) return
    this.#verified.add(pack)
    throwIfInterrupted(run)
    const id = this.#index.packIds[pack]!
    const entries = table.entriesOf(pack)
    try {
      const size = (await repository.storage.size('data', id)) ?? 0
      const bytes = await openPack(repository.storage, id, size, run)
      if (bytes.id !== id) this.packs.add(pack)
      for (const entry of entries) await this.#verifyBlob(entry, repository, bytes.part.bind(bytes))
      run.onProgress?.({ files: 1, bytes: size })
    } catch (error) {
      if (!isDamage(error)) throw error
      this.packs.add(pack)
      for (const entry of entries) this.entries.add(entry)
    }
  }

  async #verifyBlob(
    entry: number,
    repository: Repository,
    part: (offset: number, length: number) => Promise<Buffer>,
  ): Promise<void> {
    const place = this.#index.location(entry)
    try {
      openBlob(repository.key, place, await part(place.offset, place.length))
    } catch (error) {
      if (!isDamage(error)) throw error
      this.entries.add(entry)
      this.packs.add(this.#index.packOf(entry))
    }
  }
}
