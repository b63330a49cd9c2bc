import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { damaged } from './damaged.ts'

// The one file of the format that names the zstd library. The engine in wasm/ does the same faster for many blobs.

/** restic's default is about zstd's level 3. */
export const defaultLevel = 3

/** The largest window that restic reads; Node's own limit is lower. */
const windowLogMax = 29

export const compress = (plain: Uint8Array, level = defaultLevel): Buffer =>
  zstdCompressSync(plain, {
    chunkSize: Math.max(64, plain.length + (plain.length >> 7) + 512),
    params: { [constants.ZSTD_c_compressionLevel]: level },
  })

/** Undoes `compress`; a result longer than `maxLength` bytes, or a broken frame, is damaged. Memory stays below that. */
export function expand(packed: Uint8Array, maxLength: number): Buffer {
  try {
    return zstdDecompressSync(packed, {
      maxOutputLength: Math.max(1, maxLength),
      chunkSize: Math.max(64, Math.min(maxLength + 1, 1 << 20)),
      params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
    })
  } catch (error) {
    throw damaged('compressed data cannot be expanded', error)
  }
}
