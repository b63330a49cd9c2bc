import { createZstdCompress, createZstdDecompress, constants, type ZstdCompress, type ZstdDecompress } from 'node:zlib'
import { compress, compressionParams, expand } from '../format/compress.ts'
import { isOneFrame } from '../format/zstd-frame.ts'

// Node makes a new zstd context for every synchronous call, which costs more than compressing a small blob. Its streams
// hold a context that works from any memory into any memory and can be used again after each frame. That handle is not
// documented: if it is missing or behaves otherwise than we know it, `compress` and `expand` do the work.
//
// Never reset() a handle: it drops the compression level. Never use one again after an error or after output that did not
// fit: it would go on in the middle of a frame, or bring the process down.

interface Handle {
  writeSync(flush: number, from: Buffer, at: number, length: number, to: Buffer, toAt: number, capacity: number): void
  close(): void
  onerror: (message: string, errno: number, code: string) => void
}

/** Works on a Buffer in place: the memory of an engine. */
export interface Codec {
  /** Compresses `length` bytes at `from` to `to`; the length written, or 0 if it does not fit below `capacity` bytes. */
  compress(from: number, length: number, to: number, capacity: number): number
  /** Expands likewise. Throws vault-damaged if that is no valid zstd or gives more than `capacity` bytes. */
  expand(from: number, length: number, to: number, capacity: number): number
}

/** One direction of zstd in a context that is used again and again. */
class Context {
  readonly #open: () => ZstdCompress | ZstdDecompress
  #stream: ZstdCompress | ZstdDecompress | undefined
  #handle: Handle | undefined
  #failed = false

  constructor(open: () => ZstdCompress | ZstdDecompress) {
    this.#open = open
  }

  /** The length written, or undefined if it failed or did not fit. Input is a whole frame or all of a frame's content. */
  run(bytes: Buffer, from: number, length: number, to: number, capacity: number): number | undefined {
    const state = this.#ready()
    this.#handle!.writeSync(constants.ZSTD_e_end, bytes, from, length, bytes, to, capacity)
    const [room, left] = [state[0]!, state[1]!]
    if (!this.#failed && left === 0 && room > 0) return capacity - room
    this.#discard()
    return undefined
  }

  /** The stream's account of its last write: room left in the output, input left over. */
  #ready(): Uint32Array {
    this.#stream ??= this.#open()
    const stream = this.#stream as unknown as { readonly _handle: Handle; readonly _writeState: Uint32Array }
    this.#handle ??= stream._handle
    this.#handle.onerror = () => {
      this.#failed = true
    }
    // An error leaves the account of the write before in place.
    stream._writeState.fill(0)
    return stream._writeState
  }

  #discard(): void {
    this.#handle?.close()
    this.#stream = this.#handle = undefined
    this.#failed = false
  }
}

function fastCodec(bytes: Buffer, level: number): Codec {
  const packing = new Context(() => createZstdCompress({ params: compressionParams(level) }))
  const expanding = new Context(() => createZstdDecompress())
  const plain = plainCodec(bytes, level)
  return {
    compress: (from, length, to, capacity) => packing.run(bytes, from, length, to, capacity) ?? 0,
    expand: (from, length, to, capacity) =>
      (isOneFrame(bytes, from, length) ? expanding.run(bytes, from, length, to, capacity) : undefined) ??
      plain.expand(from, length, to, capacity),
  }
}

/** The same through Node's documented functions. */
export function plainCodec(bytes: Buffer, level: number): Codec {
  return {
    compress: (from, length, to, capacity) => {
      const packed = compress(bytes.subarray(from, from + length), level)
      if (packed.length >= capacity) return 0
      return (bytes.set(packed, to), packed.length)
    },
    expand: (from, length, to, capacity) => {
      const plain = expand(bytes.subarray(from, from + length), capacity)
      return (bytes.set(plain, to), plain.length)
    },
  }
}

/** The fast codec if it proves itself now, else the plain one. `bytes` must have 64 KiB of no value at `scratch`. */
export function openCodec(bytes: Buffer, level: number, scratch: number): Codec {
  try {
    const fast = fastCodec(bytes, level)
    if (provesItself(fast, bytes, level, scratch)) return fast
  } catch {
    // The handle is not there or takes other arguments.
  }
  return plainCodec(bytes, level)
}

/** Frames of several sizes must be those that the documented function makes, also after an output that did not fit. */
function provesItself(codec: Codec, bytes: Buffer, level: number, scratch: number): boolean {
  const [middle, room] = [scratch + 24_576, 20_000]
  return [12_000, 1, 300, 12_000].every((length, round) => {
    const sample = Buffer.from(Array.from({ length }, (_, at) => (at % 7) * (at % 11) + (at >> 8)))
    bytes.set(sample, scratch)
    if (codec.compress(scratch, length, middle, 2) !== 0) return false
    const packed = codec.compress(scratch, length, middle, room)
    const expected = compress(sample, level)
    if (!bytes.subarray(middle, middle + packed).equals(expected)) return false
    bytes.fill(round, scratch, scratch + length)
    return (
      codec.expand(middle, packed, scratch, room) === length && bytes.subarray(scratch, scratch + length).equals(sample)
    )
  })
}
