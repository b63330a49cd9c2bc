import type { BlobIndex } from '../blob-index.ts'

/** Blobs of one pack that are read at once. */
export interface StretchPlace {
  readonly pack: string
  readonly offset: number
  readonly length: number
  /** Numbers in the index. */
  readonly entries: Uint32Array
}

// A gap of this size takes less time to read than a further request to a distant storage.
const largestGap = 256 * 1024
const largestStretch = 8 * 1024 * 1024

/** Groups entries, ordered as they lie in packs, into stretches of some MiB; only a blob alone makes a larger one. */
export function* stretchesOf(index: BlobIndex, entries: Uint32Array): Generator<StretchPlace> {
  for (let first = 0; first < entries.length;) {
    const [pack, offset] = [index.packOf(entries[first]!), index.offsetOf(entries[first]!)]
    let end = endOf(index, entries[first]!)
    let next = first + 1
    while (next < entries.length && index.packOf(entries[next]!) === pack) {
      const further = endOf(index, entries[next]!)
      if (index.offsetOf(entries[next]!) - end > largestGap || further - offset > largestStretch) break
      end = Math.max(end, further)
      next++
    }
    yield { pack: index.packIds[pack]!, offset, length: end - offset, entries: entries.subarray(first, next) }
    first = next
  }
}

const endOf = (index: BlobIndex, entry: number): number => index.offsetOf(entry) + index.storedLengthOf(entry)
