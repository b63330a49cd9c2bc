import fs from 'node:fs'
import { damaged } from '../format/damaged.ts'

/** A stretch of a stored file: its bytes, or where a thread finds them. */
export type StoredRange =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly path: string; readonly offset: number; readonly length: number }

// Most packs fit. What was too small would stay beside the larger one until some garbage collection; what is too large takes
// no space where nobody touches it.
const usualBytes = 26 * 1024 * 1024

/** Reads stretches into one memory that is used again and again. One for each thread. */
export class RangeReader {
  #memory = Buffer.alloc(0)

  /** Valid until the next call. Throws the system's error, or vault-damaged where there are fewer bytes. */
  read(range: StoredRange): Uint8Array {
    if ('bytes' in range) return range.bytes
    return withRange(range, (length, read) => {
      if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(Math.max(length, usualBytes))
      const bytes = this.#memory.subarray(0, length)
      read(bytes, 0)
      return bytes
    })
  }
}

/** Lets `use` read pieces of a stretch into memory of its own. Throws as `RangeReader.read`. */
export function withRange<T>(
  range: StoredRange,
  use: (length: number, read: (into: Uint8Array, at: number) => void) => T,
): T {
  if ('bytes' in range)
    return use(range.bytes.length, (into, at) => into.set(range.bytes.subarray(at, at + into.length)))
  const { path, offset, length } = range
  const fd = fs.openSync(path, 'r')
  try {
    return use(length, (into, at) => readFully(fd, into, offset + at, path))
  } finally {
    fs.closeSync(fd)
  }
}

function readFully(fd: number, into: Uint8Array, position: number, path: string): void {
  for (let done = 0; done < into.length;) {
    const read = fs.readSync(fd, into, done, into.length - done, position + done)
    if (read === 0) throw damaged(`${path} ends before byte ${position + into.length}`)
    done += read
  }
}

/** Gives the memory of bytes that came from another thread back at once instead of at some garbage collection. */
export function releaseRange(range: StoredRange): void {
  if ('bytes' in range) range.bytes.buffer.transfer(0)
}

/** The buffers to be given to the other thread with it. */
export const buffersOf = (ranges: readonly StoredRange[]): ArrayBuffer[] =>
  ranges.flatMap(range => ('bytes' in range ? [range.bytes.buffer] : []))
