import { VaultError } from '../errors.ts'
import type { BlobGiver, ContentCutter, ContentStream } from './content-cutter.ts'
import type { CutWhole, Requests, StreamOptions } from './messages.ts'
import { readPipe } from './pipe-reader.ts'
import { WholeDigest } from './whole-content.ts'

/** After so many bytes of a pipe it is told how far it is. */
const progressBytes = 1024 * 1024

interface OpenStream {
  readonly memory: Uint8Array
  readonly content: ContentStream
  /** Absent where nobody wants to know. */
  readonly whole: WholeDigest | undefined
}

type Cutting = Pick<OpenStream, 'content' | 'whole'>

/** The streams that a worker cuts: those that come in pieces through memory, and those that it reads itself. */
export class WorkerStreams {
  readonly #contents: ContentCutter
  readonly #giverOf: (stream: number) => BlobGiver
  readonly #open = new Map<number, OpenStream>()

  constructor(contents: ContentCutter, giverOf: (stream: number) => BlobGiver) {
    this.#contents = contents
    this.#giverOf = giverOf
  }

  piece({ stream, memory, at, length, ...how }: Requests['piece']): object {
    if (memory) this.#open.set(stream, { memory: new Uint8Array(memory), ...this.#begin(stream, how) })
    const open = this.#open.get(stream)!
    takePiece(open, open.memory.subarray(at, at + length))
    return {}
  }

  end({ stream }: Requests['endOfStream']): CutWhole {
    const open = this.#open.get(stream)!
    this.#open.delete(stream)
    return endOf(open)
  }

  drop({ stream }: Requests['dropStream']): object {
    this.#open.get(stream)?.content.drop()
    this.#open.delete(stream)
    return {}
  }

  /** Rejects with source-unreadable where the system cannot read it to its end. */
  async pipe(request: Requests['pipe'], onBytes: (bytes: number) => void): Promise<CutWhole> {
    const { stream, fd, begun, taken, ...how } = request
    const open = this.#begin(stream, how)
    let untold = 0
    const take = (bytes: Uint8Array) => {
      takePiece(open, bytes)
      untold += bytes.length
      if (untold < progressBytes) return
      onBytes(untold)
      untold = 0
    }
    try {
      take(begun)
      await readTaken(fd, new Int32Array(taken), take)
    } catch (error) {
      throw error instanceof VaultError ? error : unreadable(error)
    }
    onBytes(untold)
    return endOf(open)
  }

  #begin(stream: number, { blockBytes, digest }: StreamOptions): Cutting {
    const content = this.#contents.stream(this.#giverOf(stream), blockBytes)
    return { content, whole: digest ? new WholeDigest() : undefined }
  }
}

/**
 * The word is 1 before anything here could close the pipe, whenever this thread is ended: closed by both sides, its number could
 * be somebody else's by then.
 */
function readTaken(fd: number, taken: Int32Array, onPiece: (bytes: Uint8Array) => void): Promise<void> {
  Atomics.store(taken, 0, 1)
  try {
    return readPipe(fd, onPiece)
  } catch (error) {
    Atomics.store(taken, 0, 0)
    throw error
  }
}

// The hash first: then the processor's cache has the bytes.
function takePiece({ content, whole }: Cutting, bytes: Uint8Array): void {
  whole?.update(bytes)
  content.piece(bytes)
}

const endOf = ({ content, whole }: Cutting): CutWhole => ({ ...content.end(), ...(whole && { whole: whole.end() }) })

const unreadable = (error: unknown): VaultError =>
  new VaultError('source-unreadable', `what a program gives cannot be read: ${String(error)}`, { cause: error })
