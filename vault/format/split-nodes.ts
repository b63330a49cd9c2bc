import { damaged, unsupported } from './damaged.ts'

// A folder of a million entries makes a tree that no JavaScript string can hold. Its list is taken apart here without
// parsing it: outside of strings, a comma at depth 0 ends an entry.

const start = /^\s*\{\s*"nodes"\s*:\s*\[/
const end = /^\s*\}\s*$/
const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBrace, openBracket, closeBrace, closeBracket] = [0x7b, 0x5b, 0x7d, 0x5d]

/** The list of a tree's nodes as several JSON lists of about `pieceBytes` each, in order. The entries themselves are not looked at. */
export function* splitNodes(tree: Uint8Array, pieceBytes: number): Generator<Buffer> {
  const bytes = Buffer.from(tree.buffer, tree.byteOffset, tree.length)
  const prefix = start.exec(bytes.toString('latin1', 0, 64))
  if (!prefix) throw unsupported('a large tree begins otherwise than restic writes it')
  let from = prefix[0].length
  for (;;) {
    const to = endOfPiece(bytes, from, pieceBytes)
    yield Buffer.concat([Buffer.from('['), bytes.subarray(from, to), Buffer.from(']')])
    if (bytes[to] === closeBracket) return assertEnd(bytes, to + 1)
    from = to + 1
    if (endsList(bytes, from)) throw damaged('a tree is not valid JSON')
  }
}

/** Where the comma after more than `pieceBytes` of whole entries is, or the bracket that closes the list. */
function endOfPiece(bytes: Buffer, from: number, pieceBytes: number): number {
  let depth = 0
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) at = endOfString(bytes, at + 1)
    else if (byte === openBrace || byte === openBracket) depth++
    else if (byte === closeBracket && depth === 0) return at
    else if (byte === closeBrace || byte === closeBracket) depth--
    else if (byte === comma && depth === 0 && at - from > pieceBytes) return at
  }
  throw damaged('a tree ends too early')
}

function endOfString(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === backslash) at++
    else if (bytes[at] === quote) return at
  }
  throw damaged('a tree ends too early')
}

/** Whether nothing follows the comma before `from`, which JSON forbids but the pieces would not show. */
function endsList(bytes: Buffer, from: number): boolean {
  let at = from
  while (at < bytes.length && bytes[at]! <= 0x20) at++
  return bytes[at] === closeBracket
}

function assertEnd(bytes: Buffer, from: number): void {
  if (!end.test(bytes.toString('latin1', from, from + 64)) || bytes.length - from > 64)
    throw unsupported('a large tree ends otherwise than restic writes it')
}
