import { maxChunk } from './read-window.ts'

const free = 0
const taken = 1
/** What comes before the bytes: the state of the memory. */
const headBytes = 8
const slotBytes = headBytes + maxChunk
const atOnce = 3

/** A blob in memory that several threads see. */
export interface SharedBlob {
  readonly memory: SharedArrayBuffer
  readonly length: number
}

/** Memory for blobs on their way to other threads, used again as soon as they have them. */
export class SharedBlobs {
  readonly #memories: SharedArrayBuffer[] = []

  /** Whether there is room for one more. */
  get hasRoom(): boolean {
    return this.#memories.length < atOnce || this.#free() !== undefined
  }

  /** A copy; there must be room for it. Whoever gets it calls `takeShared`, once. */
  put(bytes: Uint8Array): SharedBlob {
    const memory = this.#free() ?? this.#add()
    Atomics.store(stateOf(memory), 0, taken)
    bytesOf({ memory, length: bytes.length }).set(bytes)
    return { memory, length: bytes.length }
  }

  #free(): SharedArrayBuffer | undefined {
    return this.#memories.find(memory => Atomics.load(stateOf(memory), 0) === free)
  }

  #add(): SharedArrayBuffer {
    // Growable memory is mapped, so that pages that are never used take no space.
    const memory = new SharedArrayBuffer(slotBytes, { maxByteLength: slotBytes })
    this.#memories.push(memory)
    return memory
  }
}

/** Copies a blob to where `into` begins, and gives its memory back. */
export function takeShared(blob: SharedBlob, into: Uint8Array): void {
  into.set(bytesOf(blob))
  Atomics.store(stateOf(blob.memory), 0, free)
}

const stateOf = (memory: SharedArrayBuffer): Int32Array => new Int32Array(memory, 0, 1)
const bytesOf = ({ memory, length }: SharedBlob): Uint8Array => new Uint8Array(memory, headBytes, length)
