import { createHash } from 'node:crypto'
import { VaultError } from '../errors.ts'
import type { CutOptions, SaveStreamOptions } from '../types.ts'
import { release } from '../wasm/engine.ts'
import type { Failure } from './failure.ts'
import { fillHoles, type GivenBlob } from './large-file.ts'
import type { GiveBlob, OpenStream, WorkerPool } from './worker-pool.ts'

/** What goes to a worker at a time. */
const pieceBytes = 1024 * 1024

/** Who cuts a stream, and how. */
export interface StreamCutting extends SaveStreamOptions {
  readonly pool: WorkerPool
  readonly failure: Failure
}

/** A content of unknown length, cut into blobs. */
export interface CutStream {
  /** 32 bytes each. */
  readonly ids: Uint8Array<ArrayBuffer>
  readonly size: number
  /** SHA-256 of the whole, 64 hex digits. */
  readonly sha256: string
}

/**
 * Cuts what a source gives, in flat memory: it is asked for more only when a worker has taken what it gave. Resolves
 * when the source has ended, `cut` when the last of it is cut. Rejects with the source's error, and when the upload
 * fails; the source is then told to stop.
 */
export async function feedStream(
  bytes: AsyncIterable<Uint8Array>,
  how: StreamCutting,
  onBytes: (bytes: number) => void,
): Promise<{ readonly cut: Promise<CutStream> }> {
  const hash = createHash('sha256')
  const cutter = new StreamCutter(how)
  try {
    for await (const piece of untilFailure(bytes, how.failure)) {
      if (!isBytes(piece)) throw new VaultError('bad-input', 'a stream gave something that is not bytes')
      const { length } = piece
      hash.update(piece)
      await cutter.add(piece)
      if (how.consume) release(piece)
      onBytes(length)
    }
  } catch (error) {
    cutter.drop()
    throw error
  }
  const sha256 = hash.digest('hex')
  const cut = cutter
    .end()
    .then(ended => ({ ...ended, sha256 }))
    .finally(() => cutter.release())
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
  readonly #cutOptions: CutOptions
  #memory: Uint8Array<ArrayBufferLike> = Buffer.allocUnsafeSlow(pieceBytes)
  #filled = 0
  #half = 0
  #sent: Promise<unknown>[] = []
  #stream: OpenStream | undefined
  readonly #given: Promise<GivenBlob>[] = []

  constructor({ pool, failure, blockBytes }: StreamCutting) {
    this.#pool = pool
    this.#failure = failure
    this.#cutOptions = blockBytes ? { blockBytes } : {}
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

  async end(): Promise<{ ids: Uint8Array<ArrayBuffer>; size: number }> {
    if (!this.#stream) return this.#endShort()
    if (this.#filled > 0) await this.#send()
    const { worker, number } = this.#stream
    const cut = await this.#failure.during(worker.ask('endOfStream', { stream: number }).answer)
    return fillHoles(cut, await this.#failure.during(Promise.all(this.#given)))
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
  async #endShort(): Promise<{ ids: Uint8Array<ArrayBuffer>; size: number }> {
    const bytes = new Uint8Array(this.#memory.subarray(0, this.#filled))
    const request = { bytes, lengths: Uint32Array.of(bytes.length), ...this.#cutOptions }
    const { answer } = await this.#pool.give('contents', request, [bytes.buffer])
    return { ids: (await this.#failure.during(answer)).ids, size: this.#filled }
  }

  async #send(): Promise<void> {
    const { stream, memory } = this.#begin()
    const piece = { stream: stream.number, at: this.#half * pieceBytes, length: this.#filled }
    this.#sent.push(stream.worker.ask('piece', { ...piece, ...(memory && { memory, ...this.#cutOptions }) }).answer)
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
    this.#stream = this.#pool.beginStream(blob => this.#giveOn(blob))
    return { stream: this.#stream, memory }
  }

  #giveOn({ place, bytes }: GiveBlob): void {
    const giving = this.#pool
      .give('blob', { bytes }, [bytes.buffer])
      .then(async ({ answer }) => ({ place, cut: await answer }))
    // They are awaited when the stream has ended; one that fails before must not end the process by it.
    giving.catch(() => {})
    this.#given.push(giving)
  }
}
