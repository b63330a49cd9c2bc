import { compress, expand } from '../format/compress.ts'
import type { Engine } from '../wasm/engine.ts'
import { didNotDecode } from './blob-sealer.ts'
import { maxChunk } from './read-window.ts'

/**
 * Makes what has to wait in memory small for a while. It uses an engine's read buffer and scratch: Node's own functions
 * make a new context for each call, megabytes that stay until the collector comes.
 */
export class Squeezer {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  squeeze(plain: Buffer): Buffer {
    const { bytes, READ, SCRATCH, SCRATCH_CAP } = this.#engine
    if (plain.length > maxChunk) return compress(plain)
    bytes.set(plain, READ)
    const length = this.#engine.compress(READ, plain.length, SCRATCH, SCRATCH_CAP)
    // 0: it found no room.
    return length === 0 ? compress(plain) : Buffer.from(bytes.subarray(SCRATCH, SCRATCH + length))
  }

  /** Undoes `squeeze`; `length` is that of the plain bytes, and anything else rejects. */
  expand(squeezed: Buffer, length: number): Buffer {
    const plain = this.#expand(squeezed, length)
    if (plain.length !== length) throw didNotDecode()
    return plain
  }

  #expand(squeezed: Buffer, length: number): Buffer {
    const { bytes, READ, READ_CAP, SCRATCH, SCRATCH_CAP } = this.#engine
    if (length > maxChunk || squeezed.length > SCRATCH_CAP) return expand(squeezed, length)
    bytes.set(squeezed, SCRATCH)
    const expanded = this.#engine.expand(SCRATCH, squeezed.length, READ, READ_CAP)
    return Buffer.from(bytes.subarray(READ, READ + expanded))
  }
}
