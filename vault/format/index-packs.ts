import { parseIndex, type IndexedPack } from './index-file.ts'
import { sealOverhead, type BlobEntry } from './pack.ts'

// An index file of 50,000 blobs is some 9 MB of JSON, and several times that as objects. As nearly all are laid out in one
// way, they can be gone through pack by pack.

/**
 * The packs of an index file's JSON one after the other, as `parseIndex` has them. All of it is looked at before the first
 * is handed out: throws vault-damaged then or never.
 */
export function packsOfIndex(json: Uint8Array): Iterable<IndexedPack> {
  const usual = new UsualIndex(Buffer.from(json.buffer, json.byteOffset, json.length).toString('latin1'))
  return usual.read() ? usual.packs() : parseIndex(json).packs
}

const idLength = 64
const uint32Max = 2 ** 32 - 1
const [zero, nine, a, f] = [0x30, 0x39, 0x61, 0x66]
const isHex = (code: number): boolean => (code >= zero && code <= nine) || (code >= a && code <= f)
// Of each blob: where its id stands, whether it is a tree's, offset, length, uncompressed length.
const words = 5
/** No blob takes fewer characters. */
const shortestBlob = 100

/** An index that is laid out as restic does it, down to the last character. Regular expressions took twice the time. */
class UsualIndex {
  readonly #text: string
  #at = 0
  readonly #blobs: Uint32Array
  #words = 0
  /** Of each pack: where its id stands, and where its blobs end in `#blobs`. */
  readonly #packs: number[] = []

  constructor(text: string) {
    this.#text = text
    // An array that grows would leave several times as much behind for each of forty files.
    this.#blobs = new Uint32Array(Math.ceil(text.length / shortestBlob) * words)
  }

  /** False where it is laid out otherwise, or holds anything that is not valid. */
  read(): boolean {
    if (!this.#skip('{"packs":[')) return false
    do if (!this.#readPack()) return false
    while (this.#skip(','))
    if (!this.#skip(']}')) return false
    this.#skip('\n')
    return this.#at === this.#text.length
  }

  *packs(): Generator<IndexedPack> {
    let blob = 0
    for (let pack = 0; pack < this.#packs.length; pack += 2) {
      const blobs: BlobEntry[] = []
      for (; blob < this.#packs[pack + 1]!; blob += words) blobs.push(this.#entry(blob))
      // A copy, lest the whole text stays in memory as long as the id does.
      yield { id: Buffer.from(this.#id(this.#packs[pack]!), 'latin1').toString('latin1'), blobs }
    }
  }

  #entry(blob: number): BlobEntry {
    const word = (i: number) => this.#blobs[blob + i]!
    return {
      id: this.#id(word(0)),
      type: word(1) ? 'tree' : 'data',
      offset: word(2),
      length: word(3),
      uncompressedLength: word(4),
    }
  }

  #id(at: number): string {
    return this.#text.slice(at, at + idLength)
  }

  #readPack(): boolean {
    const at = this.#readId()
    if (at < 0 || !this.#skip('","blobs":[')) return false
    do if (!this.#readBlob()) return false
    while (this.#skip(','))
    this.#packs.push(at, this.#words)
    return this.#skip(']}')
  }

  #readBlob(): boolean {
    const at = this.#readId()
    if (at < 0) return false
    const tree = this.#skip('","type":"tree","offset":')
    if (!tree && !this.#skip('","type":"data","offset":')) return false
    const offset = this.#readUint()
    const length = this.#skip(',"length":') ? this.#readUint() : -1
    const plain = this.#skip(',"uncompressed_length":') ? this.#readUint() : 0
    this.#blobs.set([at, Number(tree), offset, length, plain], this.#words)
    this.#words += words
    return offset >= 0 && length >= sealOverhead && plain >= 0 && this.#skip('}')
  }

  /** Where it stands, or -1. */
  #readId(): number {
    if (!this.#skip('{"id":"')) return -1
    const end = this.#at + idLength
    for (; this.#at < end; this.#at++) if (!isHex(this.#text.charCodeAt(this.#at))) return -1
    return end - idLength
  }

  /** -1 where there is none of 32 bits. */
  #readUint(): number {
    const from = this.#at
    let value = 0
    for (let digit = this.#digit(); digit >= 0 && value <= uint32Max; digit = this.#digit()) {
      value = value * 10 + digit
      this.#at++
    }
    const digits = this.#at - from
    const leading = digits > 1 && this.#text.charCodeAt(from) === zero
    return digits === 0 || leading || value > uint32Max ? -1 : value
  }

  #digit(): number {
    const code = this.#text.charCodeAt(this.#at)
    return code >= zero && code <= nine ? code - zero : -1
  }

  #skip(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false
    this.#at += expected.length
    return true
  }
}
