import type { Engine } from '../wasm/engine.ts'

const MiB = 1024 * 1024
/** The largest blob that the chunker makes. */
export const maxChunk = 8 * MiB
/** The most that is read at once. */
export const maxRead = 960 * 1024
/** What contents need of the engine's read buffer. */
export const windowBytes = maxChunk + maxRead
/** The rest of it is free for others: one chunk, and the little more that makes expanding fast. */
export const spareBytes = 17 * MiB - windowBytes
// Reading goes on in the first few MiB as long as the chunk allows, as these stay in the processor's cache.
const cachedBytes = 3 * MiB

/** A chunk at `from` in the engine's memory, `offset` bytes after the content's beginning. */
export type OnChunk = (from: number, length: number, offset: number) => void

/**
 * The part of the engine's memory that contents pass through to be cut. One content has it at a time; when another
 * wants it, the unfinished chunk of the first is put aside.
 */
export class ReadWindow {
  readonly engine: Engine
  #holder: Cutter | undefined

  constructor(engine: Engine) {
    this.engine = engine
  }

  take(cutter: Cutter): void {
    if (this.#holder === cutter) return
    this.free()
    this.#holder = cutter
    cutter.comeBack()
  }

  /** The window's beginning, for something that is no content to be cut and needs `windowBytes` for a moment. */
  free(): number {
    this.#holder?.putAside()
    this.#holder = undefined
    return this.engine.READ
  }

  release(cutter: Cutter): void {
    if (this.#holder === cutter) this.#holder = undefined
  }
}

/** Cuts one content into chunks: bytes are put where `room` says, `added` then hands out what is a whole chunk. */
export class Cutter {
  readonly #window: ReadWindow
  readonly #onChunk: OnChunk
  readonly #blockBytes: number | undefined
  // Addresses: where the chunk begins, up to where no cut was found, where the bytes end.
  #start: number
  #scanned: number
  #end: number
  /** Bytes of the chunks handed out. */
  #passed = 0
  #aside: Buffer | undefined

  /** With `blockBytes` (at most `maxChunk`) every chunk but the last has this length. */
  constructor(window: ReadWindow, onChunk: OnChunk, blockBytes?: number) {
    this.#window = window
    this.#onChunk = onChunk
    this.#blockBytes = blockBytes
    this.#start = this.#scanned = this.#end = window.engine.READ
  }

  /** Where the next bytes, at most `maxRead`, are to be put. Valid until another cutter is used. */
  room(bytes: number): number {
    this.#window.take(this)
    const { READ } = this.#window.engine
    const limit = this.#start > READ ? cachedBytes : windowBytes
    if (this.#end + bytes > READ + limit) this.#moveToFront()
    return this.#end
  }

  added(bytes: number): void {
    this.#window.take(this)
    this.#end += bytes
    for (;;) {
      const cut = this.#nextCut()
      if (!cut) break
      this.#handOut(cut)
    }
    this.#scanned = this.#end
  }

  /** Hands out what is left; no more is to come. Returns the content's length in bytes. */
  finish(): number {
    this.#window.take(this)
    if (this.#end > this.#start) this.#handOut(this.#end)
    this.drop()
    return this.#passed
  }

  /** What is not handed out yet is not wanted. */
  drop(): void {
    this.#window.release(this)
    this.#aside = undefined
  }

  /** Called by the window. */
  putAside(): void {
    this.#aside = Buffer.from(this.#window.engine.bytes.subarray(this.#start, this.#end))
    this.#moveTo(this.#window.engine.READ)
  }

  /** Called by the window. */
  comeBack(): void {
    if (this.#aside) this.#window.engine.bytes.set(this.#aside, this.#start)
    this.#aside = undefined
  }

  /** Where the chunk ends that begins at `#start`; 0 if that is not known yet. */
  #nextCut(): number {
    const blockBytes = this.#blockBytes
    if (!blockBytes) return this.#window.engine.nextCut(this.#start, this.#scanned, this.#end)
    return this.#start + blockBytes <= this.#end ? this.#start + blockBytes : 0
  }

  #handOut(cut: number): void {
    const [from, offset] = [this.#start, this.#passed]
    this.#passed += cut - from
    this.#start = this.#scanned = cut
    this.#onChunk(from, cut - from, offset)
  }

  #moveToFront(): void {
    const { bytes, READ } = this.#window.engine
    if (this.#start === READ) return
    bytes.copyWithin(READ, this.#start, this.#end)
    this.#moveTo(READ)
  }

  #moveTo(address: number): void {
    const by = this.#start - address
    this.#start -= by
    this.#scanned -= by
    this.#end -= by
  }
}
