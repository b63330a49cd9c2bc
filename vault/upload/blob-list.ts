import { headerEntrySize, type BlobEntry, type BlobType } from '../format/pack.ts'

/** The blobs of a pack in the order in which they lie, small enough to keep many and to hand from thread to thread. */
export interface BlobList {
  readonly count: number
  /** 32 bytes each. */
  readonly ids: Uint8Array<ArrayBuffer>
  /** Two numbers each: the length as stored, and that of the plaintext, or 0 if it is not compressed. */
  readonly lengths: Uint32Array<ArrayBuffer>
}

/** Collects a BlobList. */
export class BlobListBuilder {
  #ids = new Uint8Array(32 * 64)
  #lengths = new Uint32Array(2 * 64)
  #count = 0
  /** Bytes of all blobs as stored. */
  storedBytes = 0
  /** Bytes of the header that lists them, unsealed. */
  headerBytes = 0

  get count(): number {
    return this.#count
  }

  add(id: Uint8Array, length: number, uncompressedLength: number): void {
    if (this.#count * 32 === this.#ids.length) this.#grow()
    this.#ids.set(id, this.#count * 32)
    this.#lengths.set([length, uncompressedLength], this.#count * 2)
    this.#count++
    this.storedBytes += length
    this.headerBytes += headerEntrySize({ uncompressedLength })
  }

  /** The list so far; the builder is empty afterwards. */
  take(): BlobList {
    const list = {
      count: this.#count,
      ids: this.#ids.slice(0, this.#count * 32),
      lengths: this.#lengths.slice(0, this.#count * 2),
    }
    this.#count = this.storedBytes = this.headerBytes = 0
    return list
  }

  #grow(): void {
    const [ids, lengths] = [this.#ids, this.#lengths]
    this.#ids = new Uint8Array(ids.length * 2)
    this.#ids.set(ids)
    this.#lengths = new Uint32Array(lengths.length * 2)
    this.#lengths.set(lengths)
  }
}

/** The same as entries of a pack's header and of an index. */
export function listEntries({ count, ids, lengths }: BlobList, type: BlobType): BlobEntry[] {
  const text = Buffer.from(ids.buffer, ids.byteOffset, ids.length).toString('hex')
  let offset = 0
  return Array.from({ length: count }, (_, i) => {
    const [length, uncompressedLength] = [lengths[i * 2]!, lengths[i * 2 + 1]!]
    const entry = { id: text.slice(i * 64, i * 64 + 64), type, offset, length, uncompressedLength }
    offset += length
    return entry
  })
}
