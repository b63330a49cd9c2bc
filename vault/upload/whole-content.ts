import { createHash } from 'node:crypto'

const headBytes = 16

/** What is told of a content besides its blobs. */
export interface WholeContent {
  /** SHA-256 of all of it, 64 hex digits. */
  readonly sha256: string
  /** Its first bytes, at most 16. */
  readonly head: Uint8Array
}

/** Looks at a content as it passes. */
export class WholeDigest {
  readonly #hash = createHash('sha256')
  #head = Buffer.alloc(0)

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    if (this.#head.length < headBytes) this.#head = Buffer.concat([this.#head, bytes]).subarray(0, headBytes)
  }

  end(): WholeContent {
    return { sha256: this.#hash.digest('hex'), head: new Uint8Array(this.#head) }
  }
}
