import { compress, expand } from './compress.ts'
import { damaged } from './damaged.ts'

// Index, snapshot and lock files: before encryption, a repository of version 2 puts one byte 2 and a zstd frame around
// the JSON. Plain JSON, the only form of version 1, is told by its first character.

const compressed = 2
const plainStarts = [0x5b, 0x7b] // [ {

/** The largest document that can be a string; restic's largest index file is below a fifth of it. */
const maxDocumentBytes = 500 * 1024 * 1024

/** What is to be sealed for a JSON document. */
export const encodeUnpacked = (json: Uint8Array, version: 1 | 2 = 2): Buffer =>
  version === 1 ? Buffer.from(json) : Buffer.concat([Buffer.of(compressed), compress(json)])

/** The JSON document inside an unsealed index, snapshot or lock file. */
export function decodeUnpacked(plain: Uint8Array): Buffer {
  const [first] = plain
  if (first === compressed) return expand(plain.subarray(1), maxDocumentBytes)
  if (first !== undefined && plainStarts.includes(first))
    return Buffer.from(plain.buffer, plain.byteOffset, plain.length)
  throw damaged('a file has an encoding that is neither compressed nor plain JSON')
}
