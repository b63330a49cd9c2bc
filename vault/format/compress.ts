import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { damaged } from './damaged.ts'
import { splitFrames } from './zstd-frame.ts'

// Compression of whole buffers. The engine in wasm/ does the same faster for many blobs.

/** restic's default is about zstd's level 3. */
export const defaultLevel = 3

/** The largest window that restic reads; Node's own limit is lower. */
const windowLogMax = 29

/** More than zstd ever makes of `length` bytes. */
export const compressedBound = (length: number): number => length + (length >> 7) + 1024

/**
 * How zstd is to compress. Level 3's own tables of 768 KiB do not stay in a processor's cache beside the data; with half of
 * that it is 10 to 25 % faster and makes the same size within 0.3 %.
 */
export const compressionParams = (level = defaultLevel): Record<number, number> => ({
  [constants.ZSTD_c_compressionLevel]: level,
  ...(level === defaultLevel && { [constants.ZSTD_c_hashLog]: 16, [constants.ZSTD_c_chainLog]: 15 }),
})

/** One zstd frame. */
export const compress = (plain: Uint8Array, level = defaultLevel): Buffer =>
  zstdCompressSync(plain, { chunkSize: compressedBound(plain.length), params: compressionParams(level) })

/**
 * Undoes `compress`, also for several frames one after the other. Broken frames, and a result longer than `maxLength`
 * bytes, are damaged; memory stays in proportion to that.
 */
export function expand(packed: Uint8Array, maxLength: number): Buffer {
  const parts: Buffer[] = []
  let room = maxLength
  for (const frame of splitFrames(packed)) {
    const part = expandFrame(frame, room)
    parts.push(part)
    room -= part.length
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

// Buffers of a megabyte for files of a few hundred bytes made V8 collect all garbage again and again: of a vault with 69
// points that took `status` as long as everything else. What is expanded further gets more of them.
const usualRatio = 8

function expandFrame(frame: Uint8Array, room: number): Buffer {
  try {
    const bytes = zstdDecompressSync(frame, {
      maxOutputLength: room + 1,
      chunkSize: Math.max(64, Math.min(room + 1, usualRatio * frame.length, 1 << 20)),
      params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
    })
    if (bytes.length <= room) return bytes
  } catch (error) {
    throw damaged('compressed data cannot be expanded', error)
  }
  throw damaged('compressed data is longer than it should be')
}
