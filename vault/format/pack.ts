import { damaged } from './damaged.ts'

// A pack file is blob after blob, then the sealed header that lists them, then the sealed header's length in 4 bytes.

export type BlobType = 'data' | 'tree'

/** Where a blob lies in its pack. */
export interface BlobEntry {
  readonly id: string
  readonly type: BlobType
  readonly offset: number
  /** Bytes as stored: sealed, and compressed or not. */
  readonly length: number
  /** Length of the plaintext if it is compressed; 0 if it is not. */
  readonly uncompressedLength: number
}

/** What sealing adds: IV and MAC. */
export const sealOverhead = 32
const lengthField = 4
const maxHeaderLength = 16 * 1024 * 1024
const maxOffset = 2 ** 32 - 1

/** Bytes that a blob takes in the header. */
export const headerEntrySize = (entry: { readonly uncompressedLength: number }): number =>
  entry.uncompressedLength ? 41 : 37

/** More blobs do not fit the header of one pack. */
export const maxBlobsOfPack = Math.floor((maxHeaderLength - sealOverhead) / 41)

/** The exact size of the file that holds these blobs. */
export const packSize = (blobs: Iterable<Pick<BlobEntry, 'length' | 'uncompressedLength'>>): number => {
  let size = sealOverhead + lengthField
  for (const blob of blobs) size += blob.length + headerEntrySize(blob)
  return size
}

/** Where the sealed header lies in a pack of `size` bytes that ends with `tail` (at least its last 4 bytes). */
export function parseHeaderPlace(tail: Uint8Array, size: number): { readonly offset: number; readonly length: number } {
  if (tail.length < lengthField) throw damaged('a pack file is too short')
  const length = Buffer.from(tail.buffer, tail.byteOffset, tail.length).readUInt32LE(tail.length - lengthField)
  if (length < sealOverhead + 37 || length > maxHeaderLength || length + lengthField > size)
    throw damaged('a pack file ends with an impossible header length')
  return { offset: size - lengthField - length, length }
}

/** The 4 bytes that follow a sealed header. */
export function encodeHeaderLength(sealedLength: number): Buffer {
  const field = Buffer.alloc(lengthField)
  field.writeUInt32LE(sealedLength)
  return field
}

/** Reads the unsealed header: the blobs in the order in which they lie, from offset 0 and without gaps. */
export function parsePackHeader(header: Uint8Array): BlobEntry[] {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.length)
  const entries: BlobEntry[] = []
  let offset = 0
  for (let at = 0; at < bytes.length;) {
    const entry = parseEntry(bytes, at, offset)
    entries.push(entry)
    at += entrySizeByType(bytes[at]!)
    offset += entry.length
    if (offset > maxOffset) throw damaged('a pack header describes more than 4 GiB')
  }
  return entries
}

const isCompressed = (type: number): boolean => (type & 2) !== 0
const entrySizeByType = (type: number): number => (isCompressed(type) ? 41 : 37)

function parseEntry(bytes: Buffer, at: number, offset: number): BlobEntry {
  const type = bytes[at]!
  const size = entrySizeByType(type)
  if (type > 3 || at + size > bytes.length) throw damaged('a pack header is malformed')
  const entry: BlobEntry = {
    id: bytes.toString('hex', at + size - 32, at + size),
    type: type & 1 ? 'tree' : 'data',
    offset,
    length: bytes.readUInt32LE(at + 1),
    uncompressedLength: isCompressed(type) ? bytes.readUInt32LE(at + 5) : 0,
  }
  if (entry.length < sealOverhead || (isCompressed(type) && entry.uncompressedLength === 0))
    throw damaged('a pack header has a blob of impossible length')
  return entry
}

/** What is to be sealed behind the blobs, which must be given in the order in which they lie. */
export function encodePackHeader(entries: readonly BlobEntry[]): Buffer {
  const header = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + headerEntrySize(entry), 0))
  let at = 0
  for (const entry of entries) at = writeEntry(header, at, entry)
  return header
}

function writeEntry(header: Buffer, at: number, entry: BlobEntry): number {
  at = header.writeUInt8((entry.type === 'tree' ? 1 : 0) + (entry.uncompressedLength ? 2 : 0), at)
  at = header.writeUInt32LE(entry.length, at)
  if (entry.uncompressedLength) at = header.writeUInt32LE(entry.uncompressedLength, at)
  return at + header.write(entry.id, at, 'hex')
}
