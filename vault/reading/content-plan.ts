import type { BlobIndex } from '../blob-index.ts'

/** A stretch of a pack that holds some of the wanted blobs, and maybe others between them. */
export interface PackRange {
  readonly pack: string
  readonly offset: number
  readonly length: number
}

/** Which blobs make some contents, one after the other, and where they lie. */
export interface ContentPlan {
  readonly ranges: readonly PackRange[]
  /** The blobs in order: 32 bytes each. */
  readonly ids: Uint8Array<ArrayBuffer>
  /** For each of them the number of its range, the offset in there, the length as stored, the length uncompressed or 0. */
  readonly places: Uint32Array<ArrayBuffer>
}

/** Words of `places` for each blob. */
export const placeWords = 4

// What lies between two wanted blobs and is not wanted itself is read along, if it is not more: one request less.
const smallGap = 128 * 1024
const longestRange = 2 * 1024 * 1024

/**
 * The entries of the index that make a content of `size` bytes, or undefined if the index does not know them all or they
 * make another size.
 */
export function entriesOfContent(index: BlobIndex, content: readonly string[], size: bigint): number[] | undefined {
  const entries: number[] = []
  let bytes = 0
  for (const id of content) {
    // Large empty files are one blob many times over.
    const entry = id === content[entries.length - 1] ? entries.at(-1) : index.entryOf('data', id)
    if (entry === undefined) return undefined
    entries.push(entry)
    bytes += index.plainLengthOf(entry)
  }
  return BigInt(bytes) === size ? entries : undefined
}

/** Finds neighbours among the blobs, so that they are read at once. */
export function planContent(index: BlobIndex, entries: readonly number[]): ContentPlan {
  const byPlace = [...new Set(entries)].sort(
    (a, b) => index.packOf(a) - index.packOf(b) || index.offsetOf(a) - index.offsetOf(b),
  )
  const ranges: { pack: number; offset: number; end: number }[] = []
  const rangeOf = new Map<number, number>()
  for (const entry of byPlace) {
    const [pack, offset] = [index.packOf(entry), index.offsetOf(entry)]
    const end = offset + index.storedLengthOf(entry)
    const last = ranges.at(-1)
    if (last?.pack === pack && offset - last.end <= smallGap && end - last.offset <= longestRange)
      last.end = Math.max(last.end, end)
    else ranges.push({ pack, offset, end })
    rangeOf.set(entry, ranges.length - 1)
  }
  const places = new Uint32Array(entries.length * placeWords)
  const ids = new Uint8Array(entries.length * 32)
  for (const [i, entry] of entries.entries()) {
    const range = rangeOf.get(entry)!
    const offset = index.offsetOf(entry) - ranges[range]!.offset
    places.set([range, offset, index.storedLengthOf(entry), index.uncompressedLengthOf(entry)], i * placeWords)
    ids.set(index.idOf(entry), i * 32)
  }
  const named = ranges.map(({ pack, offset, end }) => ({ pack: index.packIds[pack]!, offset, length: end - offset }))
  return { ranges: named, ids, places }
}
