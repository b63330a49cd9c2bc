import type { VaultKey } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import { idOf } from '../format/id.ts'
import { maxBlobsOfIndex } from '../format/index-file.ts'
import { encodeHeaderLength, encodePackHeader, type BlobType } from '../format/pack.ts'
import { BlobListBuilder, listEntries, type BlobList } from './blob-list.ts'
import { didNotDecode } from './blob-sealer.ts'

/** A whole pack file, in memory or in a draft of its storage. */
export type FinishedPack = {
  readonly id: string
  readonly blobs: BlobList
  /** To be called when it is stored. */
  readonly release: () => void
} & ({ readonly bytes: Uint8Array } | { readonly draft: string })

/** Makes packs of blobs that are sealed already, on the main thread: of trees, and of what the workers have left over. */
export class PackBuilder {
  readonly #key: VaultKey
  readonly #type: BlobType
  readonly #packBytes: number
  readonly #blobs = new BlobListBuilder()
  #memory: PackMemory | undefined

  constructor(key: VaultKey, type: BlobType, packBytes: number) {
    this.#key = key
    this.#type = type
    this.#packBytes = packBytes
  }

  /** Copies `sealed`; the pack that is full with it, if one is. */
  add(id: Uint8Array, sealed: Uint8Array, uncompressedLength: number): FinishedPack | undefined {
    this.#memory ??= new PackMemory(this.#packBytes)
    this.#memory.append(sealed)
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
    const memory = this.#memory
    if (!memory) return undefined
    const blobs = this.#blobs.take()
    const header = encodePackHeader(listEntries(blobs, this.#type))
    const sealedHeader = seal(this.#key, header)
    if (!unseal(this.#key, sealedHeader).equals(header)) throw didNotDecode()
    memory.append(sealedHeader)
    memory.append(encodeHeaderLength(sealedHeader.length))
    this.#memory = undefined
    const bytes = memory.bytes()
    return { id: idOf(bytes), bytes, blobs, release: () => memory.free() }
  }
}

const MiB = 1024 * 1024

/** Memory of its own for one pack. It is mapped, so that it goes back to the system at once when it is freed. */
class PackMemory {
  #buffer: ArrayBuffer
  #filled = 0

  constructor(expected: number) {
    this.#buffer = new ArrayBuffer(0, { maxByteLength: expected + MiB })
  }

  append(bytes: Uint8Array): void {
    this.#grow(this.#filled + bytes.length)
    new Uint8Array(this.#buffer, this.#filled).set(bytes)
    this.#filled += bytes.length
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#filled)
  }

  free(): void {
    this.#buffer.transfer(0)
  }

  /** The list of a folder with very many entries may be larger than a whole pack. */
  #grow(length: number): void {
    if (length > this.#buffer.maxByteLength) {
      const larger = new ArrayBuffer(length, { maxByteLength: length + MiB })
      new Uint8Array(larger).set(new Uint8Array(this.#buffer, 0, this.#filled))
      this.#buffer.transfer(0)
      this.#buffer = larger
    }
    this.#buffer.resize(length)
  }
}
