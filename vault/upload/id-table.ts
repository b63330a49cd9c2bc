// One slot is a state and the 32 bytes of an id.
const slotWords = 9
const slotBytes = slotWords * 4
const headerBytes = 64
const empty = 0
const beingWritten = 1
const taken = 2

// An id may stand in this many slots after its own place. Longer means fuller segments, but more to look at.
const windowSlots = 32
const smallestSegment = 1 << 16
// Address space, not memory: pages are used when something is written to them.
const largestBytes = 16 * 2 ** 30

/**
 * A set of blob ids that all threads of one upload share, so that each blob is stored once. Nothing is ever taken out.
 * It consists of segments, each as large as all before it; an id belongs into the first segment whose window for it has
 * a free slot. As slots never become free, every thread finds an id, or the one slot where it must go, without a lock.
 */
export class IdTable {
  /** What another thread needs to open the same table. */
  readonly memory: SharedArrayBuffer
  readonly #segments: (Int32Array | undefined)[] = []
  readonly #id = new Uint8Array(32)
  readonly #words = new Int32Array(this.#id.buffer)

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory
  }

  /** A table with room for `expected` ids before it first grows. */
  static create(expected: number, limitBytes = largestBytes): IdTable {
    const slots = Math.max(smallestSegment, Math.ceil(expected * 1.4))
    const memory = reserve(headerBytes + slots * slotBytes, limitBytes)
    new Float64Array(memory, 0, 1)[0] = slots
    return new IdTable(memory)
  }

  static open(memory: SharedArrayBuffer): IdTable {
    return new IdTable(memory)
  }

  /**
   * Puts `id` (32 bytes) in. True if it was not there: the caller, and no other, has to store the blob. When the table
   * cannot grow any further it forgets: a blob is then stored twice, which is allowed, and never too seldom.
   */
  claim(id: Uint8Array): boolean {
    this.#id.set(id)
    for (let k = 0; ; k++) {
      const segment = this.#segment(k)
      if (!segment) return true
      const found = this.#find(segment, true)
      if (found !== 'elsewhere') return found === 'free'
    }
  }

  has(id: Uint8Array): boolean {
    this.#id.set(id)
    for (let k = 0; this.#isThere(k); k++) {
      const found = this.#find(this.#segment(k)!, false)
      if (found !== 'elsewhere') return found === 'taken'
    }
    return false
  }

  /** What is at the place of the id in this segment; a free one is filled with the id if `claim` says so. */
  #find(segment: Int32Array, claim: boolean): 'free' | 'taken' | 'elsewhere' {
    const slots = segment.length / slotWords
    let slot = Math.floor(((this.#words[0]! >>> 0) / 2 ** 32) * slots)
    for (let i = 0; i < windowSlots; i++, slot = slot + 1 === slots ? 0 : slot + 1) {
      const at = slot * slotWords
      // A plain look first: most slots that are probed are taken, and the exchange is the dearer operation.
      const free = Atomics.load(segment, at) === empty
      if (free && (!claim || this.#fill(segment, at))) return 'free'
      while (Atomics.load(segment, at) === beingWritten);
      if (this.#stands(segment, at)) return 'taken'
    }
    return 'elsewhere'
  }

  /** False if another thread was faster. */
  #fill(segment: Int32Array, at: number): boolean {
    if (Atomics.compareExchange(segment, at, empty, beingWritten) !== empty) return false
    segment.set(this.#words, at + 1)
    Atomics.store(segment, at, taken)
    return true
  }

  #stands(segment: Int32Array, at: number): boolean {
    for (let i = 0; i < 8; i++) if (segment[at + 1 + i] !== this.#words[i]) return false
    return true
  }

  #segment(k: number): Int32Array | undefined {
    return (this.#segments[k] ??= this.#openSegment(k))
  }

  #openSegment(k: number): Int32Array | undefined {
    const { start, slots } = this.#bounds(k)
    if (!grow(this.memory, start + slots * slotBytes)) return undefined
    return new Int32Array(this.memory, start, slots * slotWords)
  }

  #isThere(k: number): boolean {
    const { start, slots } = this.#bounds(k)
    return this.memory.byteLength >= start + slots * slotBytes
  }

  #bounds(k: number): { start: number; slots: number } {
    const first = new Float64Array(this.memory, 0, 1)[0]!
    const before = k === 0 ? 0 : first * 2 ** (k - 1)
    return { start: headerBytes + before * slotBytes, slots: before || first }
  }
}

function reserve(bytes: number, limitBytes: number): SharedArrayBuffer {
  for (let maxByteLength = Math.max(limitBytes, bytes); ; maxByteLength /= 2)
    try {
      return new SharedArrayBuffer(bytes, { maxByteLength: Math.max(maxByteLength, bytes) })
    } catch (error) {
      // Address space can be limited (ulimit -v).
      if (maxByteLength <= bytes) throw error
    }
}

/** Whether the memory is at least so large afterwards; another thread may have made it larger meanwhile. */
function grow(memory: SharedArrayBuffer, bytes: number): boolean {
  if (memory.byteLength >= bytes) return true
  if (memory.maxByteLength < bytes) return false
  try {
    memory.grow(bytes)
  } catch {
    return memory.byteLength >= bytes
  }
  return true
}
