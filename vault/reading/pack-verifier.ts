import { unseal } from '../crypto/seal.ts'
import { idOf } from '../format/id.ts'
import { headerEntrySize, parseHeaderPlace } from '../format/pack.ts'
import { VaultError } from '../errors.ts'
import type { BlobOpener } from './blob-opener.ts'
import type { RangeReader, StoredRange } from './stored-range.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A whole pack file with what the index says about it. */
export interface PackToVerify {
  readonly name: string
  readonly file: StoredRange
  /** The blobs in the order in which they lie: 32 bytes each. */
  readonly ids: Bytes
  /** For each of them 1 for a tree or 0, offset, length, uncompressed length. */
  readonly places: Uint32Array<ArrayBuffer>
}

/** Words of `places` for each blob. */
export const placeWords = 4

/**
 * Whether the pack has the hash that it is named after, a header that says what the index says and nothing else, and
 * blobs that are what their ids say.
 */
export function isGoodPack(opener: BlobOpener, reader: RangeReader, pack: PackToVerify): boolean {
  try {
    const bytes = reader.read(pack.file)
    return idOf(bytes) === pack.name && headerAgrees(opener, pack, bytes) && blobsAreGood(opener, pack, bytes)
  } catch (error) {
    if ((error instanceof VaultError && error.code === 'vault-damaged') || isSystemError(error)) return false
    throw error
  }
}

// It cannot be read; whoever asked finds out why.
const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error

function headerAgrees({ key }: BlobOpener, { ids, places }: PackToVerify, bytes: Uint8Array): boolean {
  const { offset, length } = parseHeaderPlace(bytes, bytes.length)
  const header = unseal(key, bytes.subarray(offset, offset + length))
  let [at, end] = [0, 0]
  for (let blob = 0, word = 0; word < places.length; blob++, word += placeWords) {
    const plain = places[word + 3]!
    const size = headerEntrySize({ uncompressedLength: plain })
    if (at + size > header.length || places[word + 1] !== end || header[at] !== places[word]! + (plain ? 2 : 0))
      return false
    if (header.readUInt32LE(at + 1) !== places[word + 2] || (plain && header.readUInt32LE(at + 5) !== plain))
      return false
    if (header.compare(ids, blob * 32, blob * 32 + 32, at + size - 32, at + size) !== 0) return false
    at += size
    end += places[word + 2]!
  }
  return at === header.length && end === offset
}

/** Throws vault-damaged at the first that is not. */
function blobsAreGood(opener: BlobOpener, { ids, places }: PackToVerify, bytes: Uint8Array): boolean {
  for (let blob = 0, word = 0; word < places.length; blob++, word += placeWords) {
    const [offset, length] = [places[word + 1]!, places[word + 2]!]
    const lengths = { length, uncompressedLength: places[word + 3]! }
    opener.open(lengths, ids.subarray(blob * 32, blob * 32 + 32), bytes.subarray(offset, offset + length))
  }
  return true
}
