import type { FolderLook } from '../files/folder-look.ts'

// Most folders are as they were. That a folder's list would be the same is seen in its bytes, where nothing is made of them.

const [start, end] = [Buffer.from('{"nodes":['), Buffer.from(']}\n')]
const [comma, quote, open, close, closeNode] = Buffer.from(',"[]}') as unknown as [
  number,
  number,
  number,
  number,
  number,
]

/**
 * Whether a list has these files and nothing else, byte for byte as they would be written now: what was seen of each, then its
 * blobs, all of which `has` knows.
 */
export function isListOf(document: Buffer, seen: FolderLook, has: (id: Uint8Array) => boolean): boolean {
  if (!document.subarray(0, start.length).equals(start)) return false
  let at = start.length
  for (let i = 0; i < seen.count; i++) {
    if (i > 0 && document[at++] !== comma) return false
    at = seen.endOfHead(i, document, at)
    if (at >= 0) at = endOfContent(document, at, has)
    if (at < 0) return false
  }
  return document.subarray(at).equals(end)
}

/** Where the list of blobs that begins here, and with it the node, ends; -1 if it is none, or `has` does not know one. */
function endOfContent(document: Buffer, from: number, has: (id: Uint8Array) => boolean): number {
  if (document[from] !== open) return -1
  let at = from
  if (document[at + 1] === close) at++
  else
    do {
      const isId = document[at + 1] === quote && readId(document, at + 2) && document[at + 2 + idDigits] === quote
      if (!isId || !has(id)) return -1
      at += 3 + idDigits
    } while (document[at] === comma)
  return document[at] === close && document[at + 1] === closeNode ? at + 2 : -1
}

const id = new Uint8Array(32)
const idDigits = 2 * id.length
const noDigit = 255
const digits = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte))
  return digit < 0 ? noDigit : digit
})

/** Reads 64 digits into `id`; false if they are none. */
function readId(document: Buffer, from: number): boolean {
  if (from + idDigits > document.length) return false
  for (let i = 0; i < id.length; i++) {
    const [high, low] = [digits[document[from + 2 * i]!]!, digits[document[from + 2 * i + 1]!]!]
    if (high === noDigit || low === noDigit) return false
    id[i] = (high << 4) | low
  }
  return true
}
