import type { VaultKey } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import { idOf } from '../format/id.ts'
import { maxBlobsOfIndex } from '../format/index-file.ts'
import { encodeHeaderLength, encodePackHeader, type BlobType } from '../format/pack.ts'
import { BlobListBuilder, listEntries, type BlobList } from './blob-list.ts'
import { didNotDecode, type FinishedPack } from './pack-stage.ts'

/** Makes packs of blobs that are sealed already, on the main thread: of trees, and of what the workers have left over. */
export class PackBuilder {
  readonly #key: VaultKey
  readonly #type: BlobType
  readonly #packBytes: number
  readonly #blobs = new BlobListBuilder()
  #sealed: Uint8Array[] = []

  constructor(key: VaultKey, type: BlobType, packBytes: number) {
    this.#key = key
    this.#type = type
    this.#packBytes = packBytes
  }

  /** Keeps `sealed`; the pack that is full with it, if one is. */
  add(id: Uint8Array, sealed: Uint8Array, uncompressedLength: number): FinishedPack | undefined {
    this.#sealed.push(sealed)
    this.#blobs.add(id, sealed.length, uncompressedLength)
    const full = this.#blobs.storedBytes >= this.#packBytes || this.#blobs.count >= maxBlobsOfIndex
    return full ? this.finish() : undefined
  }

  /** The blobs of `list`, which lie one behind the other in `bytes`; the packs that became full. */
  *addList({ count, ids, lengths }: BlobList, bytes: Uint8Array): Generator<FinishedPack> {
    let at = 0
    for (let i = 0; i < count; i++) {
      const sealed = bytes.subarray(at, (at += lengths[i * 2]!))
      const pack = this.add(ids.subarray(i * 32, i * 32 + 32), sealed, lengths[i * 2 + 1]!)
      if (pack) yield pack
    }
  }

  /** The pack of what is left, or undefined if nothing is. */
  finish(): FinishedPack | undefined {
    if (this.#blobs.count === 0) return undefined
    const blobs = this.#blobs.take()
    const header = encodePackHeader(listEntries(blobs, this.#type))
    const sealedHeader = seal(this.#key, header)
    if (!unseal(this.#key, sealedHeader).equals(header)) throw didNotDecode()
    const bytes = joinOwned([...this.#sealed, sealedHeader, encodeHeaderLength(sealedHeader.length)])
    this.#sealed = []
    return { id: idOf(bytes), bytes, blobs }
  }
}

/** Joined in memory of their own, which may be given away. */
function joinOwned(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
