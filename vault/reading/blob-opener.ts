import { openBlob } from '../blob.ts'
import type { VaultKey } from '../crypto/keys.ts'
import { damaged } from '../format/damaged.ts'
import type { Engine } from '../wasm/engine.ts'

/** How a blob is stored; see BlobEntry. */
export interface StoredLengths {
  readonly length: number
  readonly uncompressedLength: number
}

/** Opens and verifies blobs in one memory that is used again and again. One for each thread. */
export class BlobOpener {
  readonly key: VaultKey
  readonly engine: Engine
  /** How many bytes from READ on there are for what is stored; behind it comes where blobs are expanded to. */
  readonly room: number

  /** All of the engine's memory is used for it. */
  constructor(key: VaultKey, engine: Engine) {
    this.key = key
    this.engine = engine
    this.room = engine.READ_CAP + engine.SCRATCH_CAP
  }

  /**
   * The plaintext, whose SHA-256 is `id`: a view, valid until the next call. Like `openBlob`, trusts nothing before it is
   * verified, and throws vault-damaged.
   */
  open({ length, uncompressedLength }: StoredLengths, id: Uint8Array, stored: Uint8Array): Buffer {
    const { engine } = this
    if (!this.fits({ length, uncompressedLength })) {
      const hex = Buffer.from(id).toString('hex')
      return openBlob(this.key, { id: hex, type: 'data', offset: 0, length, uncompressedLength }, stored)
    }
    engine.bytes.set(stored, engine.READ)
    return this.openAt(engine.READ, { length, uncompressedLength }, id)
  }

  /** The same for a blob that lies in the engine's memory before STAGE, and is expanded to there or decrypted where it lies. */
  openAt(at: number, { length, uncompressedLength }: StoredLengths, id: Uint8Array): Buffer {
    const { engine } = this
    const sealed = at + 16
    const unsealed = engine.unseal(at, length, sealed)
    if (!uncompressedLength) return this.#verified(sealed, unsealed, id)
    // Some more than it should be, so that one that is longer is noticed.
    const plain = engine.expand(sealed, unsealed, engine.STAGE, Math.min(uncompressedLength + 64, engine.STAGE_CAP))
    if (plain !== uncompressedLength)
      throw damaged(`it is ${plain} bytes long, but the index says ${uncompressedLength}`)
    return this.#verified(engine.STAGE, plain, id)
  }

  /** Whether there is memory for it. */
  fits({ length, uncompressedLength }: StoredLengths): boolean {
    return length <= this.room && uncompressedLength < this.engine.STAGE_CAP
  }

  #verified(at: number, length: number, id: Uint8Array): Buffer {
    if (!this.engine.hash(at, length).equals(id)) throw damaged('its content is not what its id says')
    return this.engine.bytes.subarray(at, at + length)
  }
}
