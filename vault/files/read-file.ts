import fs from 'node:fs'
import { promisify } from 'node:util'

const read = promisify(fs.read)
const pieceSize = 1024 * 1024
// Up to here the reading itself is quicker than the way to another thread and back.
const smallFile = 64 * 1024

/** A regular file's bytes; a piece is good until the next is asked for. A symlink is not followed (ELOOP). */
export async function* readFileBytes(path: Buffer): AsyncGenerator<Buffer, void, undefined> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
  try {
    const size = fs.fstatSync(fd).size
    const piece = Buffer.allocUnsafe(Math.min(pieceSize, Math.max(size, 4096)))
    for (;;) {
      const length =
        size <= smallFile ? fs.readSync(fd, piece) : (await read(fd, piece, 0, piece.length, null)).bytesRead
      if (length === 0) return
      yield piece.subarray(0, length)
    }
  } finally {
    fs.closeSync(fd)
  }
}
