/**
 * Where two streams of bytes begin to differ (one being longer counts), or undefined if they are equal. Both are read
 * to the end or closed. `between` is called often, to stop by throwing.
 */
export async function firstDifference(
  a: AsyncIterable<Uint8Array>,
  b: AsyncIterable<Uint8Array>,
  between: () => void = () => undefined,
): Promise<number | undefined> {
  const [left, right] = [new Pieces(a), new Pieces(b)]
  try {
    for (let position = 0; ;) {
      between()
      const [x, y] = [await left.peek(), await right.peek()]
      if (x.length === 0 && y.length === 0) return undefined
      const common = Math.min(x.length, y.length)
      if (common === 0) return position
      if (!sameBytes(x, y, common)) return position + firstUnequal(x, y)
      left.skip(common)
      right.skip(common)
      position += common
    }
  } finally {
    await left.close()
    await right.close()
  }
}

const sameBytes = (x: Buffer, y: Buffer, length: number) => x.compare(y, 0, length, 0, length) === 0

const firstUnequal = (x: Buffer, y: Buffer): number => {
  let i = 0
  while (x[i] === y[i]) i++
  return i
}

const nothing = Buffer.alloc(0)

/** A stream of pieces of any size, to be used up in other sizes. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>
  #rest: Buffer = nothing
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** What comes next, at least a byte; empty only at the end. */
  async peek(): Promise<Buffer> {
    while (this.#rest.length === 0 && !this.#ended) {
      const { done, value } = await this.#source.next()
      if (done) this.#ended = true
      else this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    return this.#rest
  }

  skip(length: number): void {
    this.#rest = this.#rest.subarray(length)
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.()
  }
}
