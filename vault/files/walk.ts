import fs from 'node:fs'

/**
 * The names in a folder as raw bytes, in the order trees have (unsigned byte compare), without '.' and '..'.
 * Errors are Node's.
 */
export function listNames(folder: Uint8Array): Buffer[] {
  const bytes = Buffer.from(folder.buffer, folder.byteOffset, folder.byteLength)
  return fs.readdirSync(bytes, { encoding: 'buffer' }).sort(Buffer.compare)
}
