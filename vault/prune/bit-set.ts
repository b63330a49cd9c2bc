/** A set of small numbers: one bit for each there could be. */
export class BitSet {
  readonly #words: Uint32Array

  /** For numbers from 0 to `size` - 1. */
  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32))
  }

  has(number: number): boolean {
    return (this.#words[number >>> 5]! & (1 << (number & 31))) !== 0
  }

  /** True if it was not in it. */
  add(number: number): boolean {
    if (this.has(number)) return false
    this.#words[number >>> 5]! |= 1 << (number & 31)
    return true
  }
}
