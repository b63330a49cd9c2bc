/** Reads a stream in the pieces one asks for; never holds more than one of its chunks beyond them. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  /** At least one and at most `limit` bytes as they come; undefined at the end. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#rest = next.value
    }
    const piece = this.#rest.subarray(0, limit)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  /** Exactly `length` bytes, or fewer at the end of the stream. */
  async upTo(length: number): Promise<Uint8Array> {
    if (this.#rest.length >= length) return (await this.some(length)) ?? this.#rest
    const whole = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const piece = await this.some(length - filled)
      if (!piece) break
      whole.set(piece, filled)
      filled += piece.length
    }
    return whole.subarray(0, filled)
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}
