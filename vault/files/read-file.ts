import fs from 'node:fs'
import { promisify } from 'node:util'

const read = promisify(fs.read)
const pieceSize = 1024 * 1024

/** A regular file's bytes; a piece is good until the next is asked for. A symlink is not followed (ELOOP). */
export async function* readFileBytes(path: Buffer): AsyncGenerator<Buffer, void, undefined> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
  try {
    const size = fs.fstatSync(fd).size
    const piece = Buffer.allocUnsafe(Math.min(pieceSize, Math.max(size, 4096)))
    for (;;) {
      const { bytesRead } = await read(fd, piece, 0, piece.length, null)
      if (bytesRead === 0) return
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    fs.closeSync(fd)
  }
}
