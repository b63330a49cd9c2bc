import { compressedBound } from '../format/compress.ts'
import { sealOverhead } from '../format/pack.ts'
import { blocksOf, ivBytes, shortMessages, type Engine } from '../wasm/engine.ts'
import type { BlobSealer, SealedBlob } from './blob-sealer.ts'

/** Up to here what goes with each sealing costs more than the sealing itself. */
export const shortBlob = 16 * 1024

interface ShortBlob {
  readonly id: Uint8Array
  readonly at: number
  /** Of what is sealed. */
  readonly length: number
  readonly uncompressedLength: number
}

/** Small blobs that lie where their pack is made, sealed and verified many at a time. */
export class ShortBlobs {
  readonly #engine: Engine
  readonly #sealer: BlobSealer
  #blobs: ShortBlob[] = []
  #blocks = 0

  constructor(engine: Engine, sealer: BlobSealer) {
    this.#engine = engine
    this.#sealer = sealer
  }

  /** Puts the blob of this id, whose plaintext of at most `shortBlob` bytes lies at `from`, to `at`, where `seal` will seal it. */
  add(id: Uint8Array, from: number, length: number, at: number): SealedBlob {
    const to = at + ivBytes
    const packed = this.#sealer.compress(from, length, to, compressedBound(length))
    if (!packed) this.#engine.bytes.copyWithin(to, from, from + length)
    const blob = { id, at, length: packed || length, uncompressedLength: packed ? length : 0 }
    if (!this.#hasRoom(blob)) this.seal()
    this.#blobs.push(blob)
    this.#blocks += blocksOf(blob)
    return { length: blob.length + sealOverhead, uncompressedLength: blob.uncompressedLength }
  }

  /** Seals what was added since, and sees that it can be opened. */
  seal(): void {
    const blobs = this.#blobs
    if (blobs.length === 0) return
    this.#blobs = []
    this.#blocks = 0
    const { SCRATCH } = this.#engine
    this.#engine.sealAll(blobs)
    this.#engine.unsealAll(blobs, SCRATCH)
    let from = SCRATCH
    for (const { id, length, uncompressedLength } of blobs) {
      this.#sealer.verify(id, from, length, uncompressedLength)
      from += length
    }
  }

  #hasRoom(blob: ShortBlob): boolean {
    const { most, blocks } = shortMessages
    return this.#blobs.length < most && this.#blocks + blocksOf(blob) <= blocks
  }
}
