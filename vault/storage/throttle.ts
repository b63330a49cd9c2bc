import { setTimeout as delay } from 'node:timers/promises'

/** What measures a throttle's time; milliseconds. */
export interface ThrottleTime {
  now(): number
  pause(ms: number): Promise<void>
}

const realTime: ThrottleTime = { now: () => performance.now(), pause: ms => delay(ms) }

/** A piece that waits on its own: small enough that what is sent comes evenly, large enough to cost nothing. */
const pieceBytes = 16 * 1024

/** Lets no more bytes through than so many a second, of all that use it together. It holds none of them. */
export class Throttle {
  readonly #bytesPerMs: number
  readonly #time: ThrottleTime
  /** When all that was let through so far has had its time. */
  #freeAt = 0

  constructor(kibPerSecond: number, time: ThrottleTime = realTime) {
    this.#bytesPerMs = (kibPerSecond * 1024) / 1000
    this.#time = time
  }

  /** Resolves when so many bytes may go; in the order of the calls. What was not used before is not saved up. */
  async take(bytes: number): Promise<void> {
    const now = this.#time.now()
    const from = Math.max(now, this.#freeAt)
    this.#freeAt = from + bytes / this.#bytesPerMs
    if (from > now) await this.#time.pause(from - now)
  }

  /** The bytes in pieces, each when it may go. */
  async *pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes)
      await this.take(piece.length)
      yield piece
    }
  }

  /** What comes, no faster than it may: who sends it is held up, as nobody reads on. */
  async *slowly(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of stream) {
      await this.take(piece.length)
      yield piece
    }
  }
}

/** Of each direction; none where left out. */
export interface Throttles {
  readonly upload?: Throttle
  readonly download?: Throttle
}
