import { VaultError } from '../errors.ts'
import type { Engine } from '../wasm/engine.ts'
import { spareBytes, windowBytes } from './read-window.ts'

/** A blob as it lies sealed in the engine's memory. */
export interface SealedBlob {
  readonly length: number
  /** Length of the plaintext if it is compressed, else 0. */
  readonly uncompressedLength: number
}

/** When blobs are compressed: only where that makes them smaller, also where it makes them larger, not at all. */
export type Compression = 'smaller' | 'always' | 'never'

/** Makes stored blobs of plain ones inside an engine's memory. It uses the scratch, and the read buffer behind the window. */
export class BlobSealer {
  readonly #engine: Engine
  readonly #compression: Compression

  constructor(engine: Engine, compression: Compression) {
    this.#engine = engine
    this.#compression = compression
  }

  /** Puts the blob of this id, whose plaintext of at most `maxChunk` bytes lies at `from`, sealed to `to`. */
  seal(id: Uint8Array, from: number, length: number, to: number): SealedBlob {
    const { SCRATCH, SCRATCH_CAP } = this.#engine
    const packed = this.compress(from, length, SCRATCH, SCRATCH_CAP)
    const sealed = packed ? this.#engine.seal(SCRATCH, packed, to) : this.#engine.seal(from, length, to)
    const blob = { length: sealed, uncompressedLength: packed ? length : 0 }
    this.verify(id, SCRATCH, this.#engine.unseal(to, sealed, SCRATCH), blob.uncompressedLength)
    return blob
  }

  /** 0 if the blob is to be stored as it is. */
  compress(from: number, length: number, to: number, capacity: number): number {
    if (this.#compression === 'never') return 0
    const packed = this.#engine.compress(from, length, to, capacity)
    return this.#compression === 'always' || packed < length ? packed : 0
  }

  /**
   * What was just encoded is decoded again before it counts: a fault of memory, of the processor or of this program shows
   * here, and not on the day of the restore. `length` bytes that were opened again lie in the scratch, at `from`.
   */
  verify(id: Uint8Array, from: number, length: number, uncompressedLength: number): void {
    const spare = this.#engine.READ + windowBytes
    let [at, plain] = [from, length]
    if (uncompressedLength) [at, plain] = [spare, this.#engine.expand(from, length, spare, spareBytes)]
    if (uncompressedLength && plain !== uncompressedLength) throw didNotDecode()
    if (!this.#engine.hash(at, plain).equals(id)) throw didNotDecode()
  }
}

/** Something was encoded and does not decode to what it was. */
export const didNotDecode = (): VaultError =>
  new VaultError(
    'vault-damaged',
    'what was about to be stored could not be read again; nothing of it was made a point',
    { hint: 'the memory or the processor of this machine may be faulty: test them before you go on' },
  )
