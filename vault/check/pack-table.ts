import type { BlobIndex } from '../blob-index.ts'
import { headerEntrySize, sealOverhead, type BlobType } from '../format/pack.ts'

/** The index turned round: which entries each pack has. */
export class PackTable {
  readonly #index: BlobIndex
  /** Entry numbers pack by pack; those of pack p stand from #starts[p] to #starts[p + 1]. */
  readonly #entries: Uint32Array
  readonly #starts: Uint32Array

  constructor(index: BlobIndex) {
    const packs = index.packIds.length
    this.#index = index
    this.#starts = new Uint32Array(packs + 1)
    this.#entries = new Uint32Array(index.count)
    for (let pack = 0; pack < packs; pack++) this.#starts[pack + 1] = this.#starts[pack]! + index.blobsOfPack(pack)
    const next = this.#starts.slice()
    for (let entry = 0; entry < index.count; entry++) this.#entries[next[index.packOf(entry)]!++] = entry
  }

  /** The entries of a pack in the order in which they lie. */
  entriesOf(pack: number): Uint32Array {
    const entries = this.#entries.subarray(this.#starts[pack], this.#starts[pack + 1])
    return entries.toSorted((a, b) => this.#index.offsetOf(a) - this.#index.offsetOf(b))
  }

  /** The size of a file that has exactly these blobs. */
  expectedSize(pack: number): number {
    let size = sealOverhead + 4
    for (let at = this.#starts[pack]!; at < this.#starts[pack + 1]!; at++) {
      const { length, uncompressedLength } = this.#index.location(this.#entries[at]!)
      size += length + headerEntrySize({ uncompressedLength })
    }
    return size
  }

  /** What all blobs of a pack are together once they are opened. */
  plainBytes(pack: number): number {
    let bytes = 0
    for (let at = this.#starts[pack]!; at < this.#starts[pack + 1]!; at++)
      bytes += this.#index.plainLengthOf(this.#entries[at]!)
    return bytes
  }

  isMixed(pack: number): boolean {
    const types = new Set<BlobType>()
    for (let at = this.#starts[pack]!; at < this.#starts[pack + 1]!; at++)
      types.add(this.#index.typeOf(this.#entries[at]!))
    return types.size > 1
  }
}
