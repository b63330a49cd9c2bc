import { RecoveryError } from '../../domain/errors.ts'
import type { Piece, ScriptEnd } from './script/pieces.ts'
import { ScriptScanner } from './script/scanner.ts'

/**
 * The pieces of a script that comes as bytes; resolves the generator's return to how it ended. What Windows makes of a file
 * is taken back: a byte order mark, and line ends of two bytes where the first line has one. Rejects with
 * file-unrecognized on a zero byte, where psql would stop reading a line.
 */
export async function* readScript(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Piece, ScriptEnd, void> {
  const scanner = new ScriptScanner()
  for await (const chunk of withUnixLines(bytes)) {
    if (chunk.includes(0))
      throw new RecoveryError('file-unrecognized', `${name} is damaged: there are zero bytes in it`, {
        hint: 'take another copy of it; nothing was changed',
      })
    yield* scanner.push(chunk)
  }
  const { pieces, end } = scanner.end()
  yield* pieces
  return end
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
// Far longer than pg_dump's first lines.
const headBytes = 1024

async function* withUnixLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0)
  let windows = false
  let held = Buffer.alloc(0)
  for await (const chunk of bytes) {
    let piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    if (head) {
      head = Buffer.concat([head, piece])
      if (head.length < headBytes) continue
      windows = isWindows(head)
      piece = withoutMark(head)
      head = undefined
    }
    if (!windows) yield piece
    else {
      const joined = Buffer.concat([held, piece])
      const open = joined.at(-1) === 0x0d ? joined.length - 1 : joined.length
      yield unixLines(joined.subarray(0, open))
      held = joined.subarray(open)
    }
  }
  if (head) yield isWindows(head) ? unixLines(withoutMark(head)) : withoutMark(head)
  if (held.length > 0) yield held
}

const withoutMark = (head: Buffer): Buffer => (head.subarray(0, 3).equals(byteOrderMark) ? head.subarray(3) : head)
const isWindows = (head: Buffer): boolean => {
  const end = head.indexOf(0x0a)
  return end > 0 && head[end - 1] === 0x0d
}

function unixLines(bytes: Buffer): Buffer {
  const out = Buffer.alloc(bytes.length)
  let length = 0
  let from = 0
  for (let at = bytes.indexOf('\r\n'); at >= 0; at = bytes.indexOf('\r\n', at + 2)) {
    length += bytes.copy(out, length, from, at)
    from = at + 1
  }
  length += bytes.copy(out, length, from)
  return out.subarray(0, length)
}
