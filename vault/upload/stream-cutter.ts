import { VaultError } from '../errors.ts'
import type { Failure } from './failure.ts'
import { GivenBlobs } from './given-blobs.ts'
import { fillHoles } from './large-file.ts'
import type { CutWhole, StreamOptions } from './messages.ts'
import { WholeDigest, type WholeContent } from './whole-content.ts'
import type { OnBytes } from './worker-handle.ts'
import type { OpenStream, WorkerPool } from './worker-pool.ts'

/** What goes to a worker at a time. */
const pieceBytes = 1024 * 1024

/** Who cuts a stream, and how. */
export interface StreamCutting extends StreamOptions {
  readonly pool: WorkerPool
  readonly failure: Failure
}

/**
 * Cuts what a source gives, in flat memory: it is asked for more only when a worker has taken what it gave. Resolves
 * when the source has ended, `cut` when the last of it is cut. Rejects with the source's error, and when the upload
 * fails; the source is then told to stop.
 */
export async function feedStream(
  bytes: AsyncIterable<Uint8Array>,
  how: StreamCutting,
  onBytes: OnBytes,
): Promise<{ readonly cut: Promise<CutWhole> }> {
  const cutter = new StreamCutter(how)
  try {
    for await (const piece of untilFailure(bytes, how.failure)) {
      if (!isBytes(piece)) throw new VaultError('bad-input', 'a stream gave something that is not bytes')
      const { length } = piece
      await cutter.add(piece)
      onBytes(length)
    }
  } catch (error) {
    cutter.drop()
    throw error
  }
  const cut = cutter.end().finally(() => cutter.release())
  // Whoever awaits it is told; the upload may have failed before anyone does.
  cut.catch(() => {})
  return { cut }
}

// Text streams of Node look like streams of bytes to the compiler.
const isBytes = (piece: unknown): piece is Uint8Array => piece instanceof Uint8Array

/** What `source` gives; ends with the failure of the upload also while the source makes us wait. */
export async function* untilFailure<T>(source: AsyncIterable<T>, failure: Failure): AsyncGenerator<T, void, undefined> {
  const items = source[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const item = await failure.during(items.next())
      if ((ended = item.done === true)) return
      yield item.value
    }
  } finally {
    // A source that hangs would hang here too.
    if (!ended) items.return?.().catch(() => {})
  }
}

/**
 * Collects pieces and sends them to one worker, which has one half of a shared memory while the other is filled. It gives
 * some of the blobs to workers that are idle.
 */
class StreamCutter {
  readonly #pool: WorkerPool
  readonly #failure: Failure
  readonly #options: StreamOptions
  #memory: Uint8Array<ArrayBufferLike> = Buffer.allocUnsafeSlow(pieceBytes)
  #filled = 0
  #half = 0
  #sent: Promise<unknown>[] = []
  #stream: OpenStream | undefined
  readonly #given: GivenBlobs

  constructor({ pool, failure, blockBytes, digest }: StreamCutting) {
    this.#pool = pool
    this.#failure = failure
    this.#options = { ...(blockBytes && { blockBytes }), ...(digest && { digest }) }
    this.#given = new GivenBlobs(pool)
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#filled === pieceBytes) await this.#send()
      const piece = bytes.subarray(at, at + pieceBytes - this.#filled)
      this.#memory.set(piece, this.#half * pieceBytes + this.#filled)
      this.#filled += piece.length
      at += piece.length
    }
  }

  async end(): Promise<CutWhole> {
    if (!this.#stream) return this.#endShort()
    if (this.#filled > 0) await this.#send()
    const { worker, number } = this.#stream
    const cut = await this.#failure.during(worker.ask('endOfStream', { stream: number }).answer)
    return fillHoles(cut, await this.#failure.during(this.#given.all()))
  }

  /** Instead of `end` and `release`, where the source fails and the upload may go on. */
  drop(): void {
    void this.#stream?.worker.ask('dropStream', { stream: this.#stream.number })
    this.release()
  }

  release(): void {
    if (this.#stream) this.#pool.endStream(this.#stream)
  }

  /** All of it fits one message. */
  async #endShort(): Promise<CutWhole> {
    const bytes = new Uint8Array(this.#memory.subarray(0, this.#filled))
    const { digest, ...cutting } = this.#options
    const whole = digest ? wholeOf(bytes) : undefined
    const request = { bytes, lengths: Uint32Array.of(bytes.length), ...cutting }
    const { answer } = await this.#pool.give('contents', request, [bytes.buffer])
    return { ids: (await this.#failure.during(answer)).ids, size: this.#filled, ...(whole && { whole }) }
  }

  async #send(): Promise<void> {
    const { stream, memory } = this.#begin()
    const piece = { stream: stream.number, at: this.#half * pieceBytes, length: this.#filled }
    this.#sent.push(stream.worker.ask('piece', { ...piece, ...(memory && { memory, ...this.#options }) }).answer)
    this.#half = 1 - this.#half
    this.#filled = 0
    if (this.#sent.length === 2) await this.#failure.during(this.#sent.shift()!)
  }

  /** The stream's worker; with the first piece, the memory they share. */
  #begin(): { stream: OpenStream; memory?: SharedArrayBuffer } {
    if (this.#stream) return { stream: this.#stream }
    const memory = new SharedArrayBuffer(2 * pieceBytes)
    const first = this.#memory
    this.#memory = new Uint8Array(memory)
    this.#memory.set(first)
    this.#stream = this.#pool.beginStream(blob => this.#given.giveOn(blob))
    return { stream: this.#stream, memory }
  }
}

function wholeOf(bytes: Uint8Array): WholeContent {
  const digest = new WholeDigest()
  digest.update(bytes)
  return digest.end()
}
