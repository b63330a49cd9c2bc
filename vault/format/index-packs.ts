import { parseIndex, type IndexedPack } from './index-file.ts'
import { sealOverhead, type BlobEntry } from './pack.ts'

// An index file of 50,000 blobs is some 9 MB of JSON, and several times that as objects. As nearly all are laid out in one
// way, they can be gone through pack by pack.

const beginning = '{"packs":['
const packBegins = /\{"id":"([0-9a-f]{64})","blobs":\[/y
const uint = '(0|[1-9]\\d{0,9})'
const blobPattern = `\\{"id":"([0-9a-f]{64})","type":"(data|tree)","offset":${uint},"length":${uint}(?:,"uncompressed_length":${uint})?\\}`
const blob = new RegExp(blobPattern, 'y')
const ending = /\]\}\n?$/y
const uint32Max = 2 ** 32 - 1

/**
 * The packs of an index file's JSON one after the other, as `parseIndex` has them. All of it is looked at before the first
 * is handed out: throws vault-damaged then or never.
 */
export function packsOfIndex(json: Uint8Array): Iterable<IndexedPack> {
  const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString('latin1')
  return isAsUsual(text) ? usualPacks(text) : parseIndex(json).packs
}

/** Whether it is laid out as restic does it, down to the last character, with nothing in it that is not valid. */
function isAsUsual(text: string): boolean {
  if (!text.startsWith(beginning)) return false
  let at = beginning.length
  for (; ; at++) {
    packBegins.lastIndex = at
    if (!packBegins.test(text)) return false
    for (at = packBegins.lastIndex; ; at++) {
      blob.lastIndex = at
      const found = blob.exec(text)
      if (!found || !isValid(found)) return false
      at = blob.lastIndex
      if (text[at] !== ',') break
    }
    if (!text.startsWith(']}', at)) return false
    at += 2
    if (text[at] !== ',') break
  }
  ending.lastIndex = at
  return ending.test(text)
}

const isValid = ([, , , offset, length, plain = '0']: RegExpExecArray): boolean =>
  Number(offset) <= uint32Max &&
  Number(length) <= uint32Max &&
  Number(length) >= sealOverhead &&
  Number(plain) <= uint32Max

function* usualPacks(text: string): Generator<IndexedPack> {
  for (let at = beginning.length; ; at++) {
    packBegins.lastIndex = at
    const [, id] = packBegins.exec(text)!
    const blobs: BlobEntry[] = []
    for (at = packBegins.lastIndex; ; at++) {
      blob.lastIndex = at
      blobs.push(toEntry(blob.exec(text)!))
      at = blob.lastIndex
      if (text[at] !== ',') break
    }
    at += 2
    // A copy, lest the whole text stays in memory as long as the id does.
    yield { id: Buffer.from(id!, 'latin1').toString('latin1'), blobs }
    if (text[at] !== ',') return
  }
}

const toEntry = ([, id, type, offset, length, plain = '0']: RegExpExecArray): BlobEntry => ({
  id: id!,
  type: type as BlobEntry['type'],
  offset: Number(offset),
  length: Number(length),
  uncompressedLength: Number(plain),
})
