import type { BlobLocation } from './blob-index.ts'
import type { Storage } from './storage/storage.ts'

// Small blobs that lie side by side are mostly wanted one after the other (the files of a folder), so a stretch of the
// pack is read at once. A large blob is a stretch of its own.
const stretchBytes = 1024 * 1024
const keptStretches = 8

interface Stretch {
  readonly pack: string
  readonly offset: number
  readonly end: number
  readonly bytes: Promise<Buffer>
}

/** Reads stored blobs from packs, and keeps what was read last: at most 8 MiB. */
export class PackCache {
  readonly #storage: Storage
  /** Last used first. */
  #stretches: Stretch[] = []

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** A blob's stored bytes, not to be changed. `endOfBlobs`: where the last blob of the pack ends. */
  async read(place: BlobLocation, endOfBlobs: number): Promise<Buffer> {
    if (place.length > stretchBytes / 4) return this.readAlone(place)
    const stretch = this.#find(place) ?? this.#begin(place, endOfBlobs)
    try {
      const start = place.offset - stretch.offset
      return (await stretch.bytes).subarray(start, start + place.length)
    } catch {
      // The pack may be cut off behind this blob.
      this.#stretches = this.#stretches.filter(kept => kept !== stretch)
      return this.readAlone(place)
    }
  }

  /** The same from the storage itself. */
  readAlone({ pack, offset, length }: BlobLocation): Promise<Buffer> {
    return this.#storage.loadPart('data', pack, offset, length)
  }

  #find({ pack, offset, length }: BlobLocation): Stretch | undefined {
    const found = this.#stretches.find(
      stretch => stretch.pack === pack && stretch.offset <= offset && offset + length <= stretch.end,
    )
    if (found) this.#keep(found)
    return found
  }

  #begin({ pack, offset }: BlobLocation, endOfBlobs: number): Stretch {
    const end = Math.min(offset + stretchBytes, endOfBlobs)
    const bytes = this.#storage.loadPart('data', pack, offset, end - offset)
    const stretch = { pack, offset, end, bytes }
    this.#keep(stretch)
    return stretch
  }

  #keep(stretch: Stretch): void {
    this.#stretches = [stretch, ...this.#stretches.filter(kept => kept !== stretch)].slice(0, keptStretches)
  }
}
