import type { CutContents, Unread } from './messages.ts'
import { codeOf } from './open-source.ts'

/** Blob ids in order, 32 bytes each. */
export class IdList {
  #bytes = new Uint8Array(32 * 64)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(id: Uint8Array): void {
    if (this.#count * 32 === this.#bytes.length) {
      const bytes = this.#bytes
      this.#bytes = new Uint8Array(bytes.length * 2)
      this.#bytes.set(bytes)
    }
    this.#bytes.set(id, this.#count++ * 32)
  }

  /** Forgets all but the first `count`. */
  cutBack(count: number): void {
    this.#count = count
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#count * 32)
  }
}

/** The outcome of several contents, one after the other. */
export class ContentList {
  readonly #ids = new IdList()
  readonly #blobs: number[] = []
  readonly #sizes: number[] = []
  readonly #unread: Unread[] = []

  /** `cut` adds the ids of one content and returns its bytes; where the system lets it fail, that is noted. */
  cut(cut: (ids: IdList) => number): void {
    const before = this.#ids.count
    const index = this.#blobs.length
    let size = 0
    try {
      size = cut(this.#ids)
    } catch (error) {
      this.#unread.push(unreadBecauseOf(error, index))
      this.#ids.cutBack(before)
    }
    this.#blobs.push(this.#ids.count - before)
    this.#sizes.push(size)
  }

  take(): CutContents {
    return {
      blobs: Uint32Array.from(this.#blobs),
      sizes: Float64Array.from(this.#sizes),
      ids: this.#ids.take(),
      unread: this.#unread,
    }
  }
}

/** 32 bytes each as text. */
export function idTexts(ids: Uint8Array): string[] {
  const text = Buffer.from(ids.buffer, ids.byteOffset, ids.length).toString('hex')
  return Array.from({ length: ids.length / 32 }, (_, i) => text.slice(i * 64, i * 64 + 64))
}

/** What the system says about a content; any other error is thrown again. */
export function unreadBecauseOf(error: unknown, index = 0): Unread {
  const code = codeOf(error)
  if (!code) throw error
  return { index, code, message: (error as Error).message }
}
