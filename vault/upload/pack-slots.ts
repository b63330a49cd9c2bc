/** Room for any pack: 16 MiB of blobs, the last of which may be a large one, and the header. */
export const packMemoryBytes = 25 * 1024 * 1024

const free = 0
const taken = 1
// Words of the shared array: how often a slot became free, then the state of each slot.
const freed = 0
const firstState = 1

/** What another thread needs to use the same slots. */
export interface SharedSlots {
  readonly states: SharedArrayBuffer
  readonly memories: readonly SharedArrayBuffer[]
}

/**
 * Memory for packs, from when a worker begins to fill one until it is stored. When none is free, workers wait: a slow
 * storage makes a slow upload and not a large one.
 */
export class PackSlots {
  readonly shared: SharedSlots
  readonly #states: Int32Array

  private constructor(shared: SharedSlots) {
    this.shared = shared
    this.#states = new Int32Array(shared.states)
  }

  static create(count: number): PackSlots {
    const states = new SharedArrayBuffer(4 * (firstState + count))
    // Growable memory is mapped, so that pages that are never used take no space.
    const memory = () => new SharedArrayBuffer(packMemoryBytes, { maxByteLength: packMemoryBytes })
    return new PackSlots({ states, memories: Array.from({ length: count }, memory) })
  }

  static open(shared: SharedSlots): PackSlots {
    return new PackSlots(shared)
  }

  /** The number of a slot that is the caller's until `release`. Blocks the thread while none is free. */
  claim(): number {
    for (;;) {
      const times = Atomics.load(this.#states, freed)
      // The lowest first: memory that was never used stays so.
      for (let slot = 0; slot < this.shared.memories.length; slot++)
        if (Atomics.compareExchange(this.#states, firstState + slot, free, taken) === free) return slot
      Atomics.wait(this.#states, freed, times)
    }
  }

  release(slot: number): void {
    Atomics.store(this.#states, firstState + slot, free)
    Atomics.add(this.#states, freed, 1)
    Atomics.notify(this.#states, freed)
  }

  /** A slot's memory, `packMemoryBytes` of it. */
  memory(slot: number): Uint8Array {
    return new Uint8Array(this.shared.memories[slot]!)
  }
}
