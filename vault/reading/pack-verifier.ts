import { createHash } from 'node:crypto'
import { unseal } from '../crypto/seal.ts'
import { damaged } from '../format/damaged.ts'
import { headerEntrySize, parseHeaderPlace } from '../format/pack.ts'
import type { BlobOpener } from './blob-opener.ts'
import { isExpected } from './expected.ts'
import { withRange, type StoredRange } from './stored-range.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A whole pack file. */
export interface NamedPack {
  readonly name: string
  readonly file: StoredRange
}

/** A pack with what the index says about it. */
export interface PackToVerify extends NamedPack {
  /** Its name was found to be its hash already. */
  readonly hashed: boolean
  /** The blobs in the order in which they lie: 32 bytes each. */
  readonly ids: Bytes
  /** For each of them 1 for a tree or 0, offset, length, uncompressed length. */
  readonly places: Uint32Array<ArrayBuffer>
}

/** Words of `places` for each blob. */
export const placeWords = 4

// What was read is hashed and opened while the processor's cache still holds it.
const pieceBytes = 512 * 1024

/**
 * Whether the pack has the hash that it is named after, a header that says what the index says and nothing else, and
 * blobs that are what their ids say. One with a blob that is too large for the opener counts as not good.
 */
export function isGoodPack(opener: BlobOpener, pack: PackToVerify): boolean {
  return falseIfExpected(() =>
    withRange(pack.file, (size, read) => {
      const passing = new PassingPack(opener, pack)
      for (let at = 0; at < size; at += pieceBytes)
        if (!passing.take(Math.min(pieceBytes, size - at), into => read(into, at))) return false
      return passing.isGood(size)
    }),
  )
}

/** Whether a pack has the hash that it is named after. */
export function isNamedByHash({ name, file }: NamedPack): boolean {
  return falseIfExpected(() =>
    withRange(file, (size, read) => {
      const [hash, memory] = [createHash('sha256'), Buffer.allocUnsafeSlow(Math.min(pieceBytes, size))]
      for (let at = 0; at < size; at += memory.length) {
        const piece = memory.subarray(0, size - at)
        read(piece, at)
        hash.update(piece)
      }
      return hash.digest('hex') === name
    }),
  )
}

// It cannot be read or is not good; whoever asked finds out why.
function falseIfExpected(act: () => boolean): boolean {
  try {
    return act()
  } catch (error) {
    if (isExpected(error)) return false
    throw error
  }
}

/** A pack that comes piece by piece, and whose blobs are opened where they lie as soon as they are there. */
class PassingPack {
  readonly #opener: BlobOpener
  readonly #pack: PackToVerify
  readonly #hash = createHash('sha256')
  #blob = 0
  /** Where the first blob that is not opened begins in the file. */
  #opened = 0
  /** What is in memory from READ on: this part of the file. */
  #from = 0
  #to = 0

  constructor(opener: BlobOpener, pack: PackToVerify) {
    this.#opener = opener
    this.#pack = pack
  }

  /** False if there is no room for more. Throws vault-damaged at the first blob that is not what its id says. */
  take(length: number, read: (into: Buffer) => void): boolean {
    if (this.#to - this.#from + length > this.#opener.room) this.#moveUp()
    if (this.#to - this.#from + length > this.#opener.room) return false
    const piece = this.#bytes(this.#to, this.#to + length)
    read(piece)
    if (!this.#pack.hashed) this.#hash.update(piece)
    this.#to += length
    this.#openBlobs()
    return true
  }

  isGood(size: number): boolean {
    const all = this.#blob * placeWords === this.#pack.places.length
    const rest = this.#bytes(this.#opened, this.#to)
    const named = this.#pack.hashed || this.#hash.digest('hex') === this.#pack.name
    return all && named && headerAgrees(this.#opener, this.#pack, rest, size)
  }

  #openBlobs(): void {
    const { ids, places } = this.#pack
    for (let word = this.#blob * placeWords; word < places.length; word += placeWords) {
      const [offset, length, uncompressedLength] = [places[word + 1]!, places[word + 2]!, places[word + 3]!]
      if (offset + length > this.#to || !this.#opener.fits({ length, uncompressedLength })) return
      const id = ids.subarray(this.#blob * 32, this.#blob * 32 + 32)
      if (offset !== this.#opened) throw damaged('its blobs do not follow each other')
      this.#opener.openAt(this.#addressOf(offset), { length, uncompressedLength }, id)
      this.#opened = offset + length
      this.#blob++
    }
  }

  /** What is opened gives its room to what comes. */
  #moveUp(): void {
    this.#opener.engine.bytes.copyWithin(
      this.#addressOf(this.#from),
      this.#addressOf(this.#opened),
      this.#addressOf(this.#to),
    )
    this.#from = this.#opened
  }

  #addressOf(offset: number): number {
    return this.#opener.engine.READ + offset - this.#from
  }

  #bytes(from: number, to: number): Buffer {
    return this.#opener.engine.bytes.subarray(this.#addressOf(from), this.#addressOf(to))
  }
}

/** `tail` is the end of a file of `size` bytes, from where its last blob ends. */
function headerAgrees({ key }: BlobOpener, { ids, places }: PackToVerify, tail: Uint8Array, size: number): boolean {
  const { offset, length } = parseHeaderPlace(tail, size)
  if (offset !== size - tail.length) return false
  const header = unseal(key, tail.subarray(0, length))
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
