import { sealOverhead, type BlobEntry, type BlobType } from './format/pack.ts'

/** One place to read a blob from. */
export interface BlobLocation extends BlobEntry {
  readonly pack: string
}

// One entry: 8 words of id, then pack number (top bit: tree), offset, length, uncompressed length (0: none).
const words = 12
const treeBit = 0x8000_0000
const segmentEntries = 1 << 14

/**
 * Which blobs the vault has, and where: what all index files say together. About 60 bytes a blob, outside the heap, so
 * that a vault of millions of blobs stays small. Entries are numbered from 0 in the order they were added.
 */
export class BlobIndex {
  readonly #segments: Uint32Array[] = []
  #count = 0
  /** Open addressing: entry number + 1, or 0 where free. Entries of one blob are found in the order they were added. */
  #table = new Uint32Array(1 << 12)
  readonly #packIds: string[] = []
  readonly #packNumbers = new Map<string, number>()
  readonly #packEnds: number[] = []
  readonly #packCounts: number[] = []
  readonly #wanted = new Uint32Array(8)
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer)
  /** The id of the entry that is being added. */
  readonly #added = new Uint32Array(8)
  readonly #addedBytes = Buffer.from(this.#added.buffer)

  /** How many entries there are; a blob that lies in two packs counts twice. */
  get count(): number {
    return this.#count
  }

  /** The packs by number. */
  get packIds(): readonly string[] {
    return this.#packIds
  }

  /** Adds a pack's blobs; what is known already, down to the place, is not added again. */
  addPack(packId: string, blobs: Iterable<BlobEntry>): void {
    const pack = this.#packNumber(packId)
    for (const blob of blobs) this.#add(pack, blob)
  }

  packNumberOf(packId: string): number | undefined {
    return this.#packNumbers.get(packId)
  }

  /** Where the last blob of a pack ends, in bytes from its beginning. */
  endOfBlobs(pack: number): number {
    return this.#packEnds[pack]!
  }

  /** How many entries are of this pack. */
  blobsOfPack(pack: number): number {
    return this.#packCounts[pack]!
  }

  has(type: BlobType, id: string | Uint8Array): boolean {
    return this.entryOf(type, id) !== undefined
  }

  /** All places a blob can be read from; none if the vault does not have it. */
  lookup(type: BlobType, id: string | Uint8Array): BlobLocation[] {
    return Array.from(this.#entriesOf(type, id), entry => this.location(entry))
  }

  /** The first entry of a blob: a number that stands for the blob itself. */
  entryOf(type: BlobType, id: string | Uint8Array): number | undefined {
    const wanted = this.#idWords(id)
    const mask = this.#table.length - 1
    for (let slot = wanted[0]! & mask; this.#table[slot]; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]! - 1
      if (this.#is(entry, type, wanted)) return entry
    }
    return undefined
  }

  /** All entries of a blob. */
  entriesOf(type: BlobType, id: string | Uint8Array): number[] {
    return [...this.#entriesOf(type, id)]
  }

  /** What the entry of this number says. */
  location(entry: number): BlobLocation {
    const { segment, at } = this.#place(entry)
    const packAndType = segment[at + 8]!
    return {
      id: Buffer.from(this.idOf(entry)).toString('hex'),
      type: packAndType >= treeBit ? 'tree' : 'data',
      pack: this.#packIds[(packAndType & ~treeBit) >>> 0]!,
      offset: segment[at + 9]!,
      length: segment[at + 10]!,
      uncompressedLength: segment[at + 11]!,
    }
  }

  /** The 32 bytes of an entry's blob id: a view, to be read only. */
  idOf(entry: number): Uint8Array {
    const { segment, at } = this.#place(entry)
    return new Uint8Array(segment.buffer, at * 4, 32)
  }

  typeOf(entry: number): BlobType {
    return this.#word(entry, 8) >= treeBit ? 'tree' : 'data'
  }

  packOf(entry: number): number {
    return (this.#word(entry, 8) & ~treeBit) >>> 0
  }

  /** The blob's length as stored. */
  storedLengthOf(entry: number): number {
    return this.#word(entry, 10)
  }

  offsetOf(entry: number): number {
    return this.#word(entry, 9)
  }

  /** Its length once it is opened if it is stored compressed, else 0. */
  uncompressedLengthOf(entry: number): number {
    return this.#word(entry, 11)
  }

  /** The blob's length once it is opened, in bytes. */
  plainLengthOf(entry: number): number {
    return this.#word(entry, 11) || this.#word(entry, 10) - sealOverhead
  }

  *#entriesOf(type: BlobType, id: string | Uint8Array): Generator<number, undefined> {
    // A copy: a generator that waits must not see the words of a later look-up.
    const wanted = this.#idWords(id).slice()
    const mask = this.#table.length - 1
    for (let slot = wanted[0]! & mask; this.#table[slot]; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]! - 1
      if (this.#is(entry, type, wanted)) yield entry
    }
  }

  #is(entry: number, type: BlobType, wanted: Uint32Array): boolean {
    const { segment, at } = this.#place(entry)
    for (let i = 0; i < 8; i++) if (segment[at + i] !== wanted[i]) return false
    return segment[at + 8]! >= treeBit === (type === 'tree')
  }

  /** Good until the next look-up. */
  #idWords(id: string | Uint8Array): Uint32Array {
    const isText = typeof id === 'string'
    if (id.length !== (isText ? 64 : 32) || (isText && this.#wantedBytes.write(id, 'hex') !== 32))
      throw new RangeError('a blob id has 32 bytes')
    if (!isText) this.#wantedBytes.set(id)
    return this.#wanted
  }

  #packNumber(packId: string): number {
    let pack = this.#packNumbers.get(packId)
    if (pack === undefined) {
      pack = this.#packIds.push(packId) - 1
      this.#packEnds.push(0)
      this.#packCounts.push(0)
      this.#packNumbers.set(packId, pack)
    }
    return pack
  }

  #add(pack: number, blob: BlobEntry): void {
    if (blob.id.length !== 64 || this.#addedBytes.write(blob.id, 'hex') !== 32)
      throw new RangeError('a blob id has 32 bytes')
    const packAndType = pack + (blob.type === 'tree' ? treeBit : 0)
    const mask = this.#table.length - 1
    for (let slot = this.#added[0]! & mask; this.#table[slot]; slot = (slot + 1) & mask)
      if (this.#holds(this.#table[slot]! - 1, packAndType, blob)) return
    this.#packEnds[pack] = Math.max(this.#packEnds[pack]!, blob.offset + blob.length)
    this.#packCounts[pack]!++
    const entry = this.#count++
    if (entry % segmentEntries === 0) this.#segments.push(new Uint32Array(segmentEntries * words))
    const { segment, at } = this.#place(entry)
    segment.set(this.#added, at)
    segment[at + 8] = packAndType
    segment[at + 9] = blob.offset
    segment[at + 10] = blob.length
    segment[at + 11] = blob.uncompressedLength
    this.#enter(entry)
  }

  /** Whether an entry says what is being added. */
  #holds(entry: number, packAndType: number, { offset, length, uncompressedLength }: BlobEntry): boolean {
    const { segment, at } = this.#place(entry)
    for (let i = 0; i < 8; i++) if (segment[at + i] !== this.#added[i]) return false
    if (segment[at + 8] !== packAndType || segment[at + 9] !== offset) return false
    return segment[at + 10] === length && segment[at + 11] === uncompressedLength
  }

  #enter(entry: number): void {
    if (this.#count * 3 > this.#table.length * 2) return this.#growTable()
    const mask = this.#table.length - 1
    let slot = this.#word(entry, 0) & mask
    while (this.#table[slot]) slot = (slot + 1) & mask
    this.#table[slot] = entry + 1
  }

  #growTable(): void {
    this.#table = new Uint32Array(this.#table.length * 2)
    for (let entry = 0; entry < this.#count; entry++) this.#enter(entry)
  }

  #place(entry: number): { segment: Uint32Array; at: number } {
    return { segment: this.#segments[Math.floor(entry / segmentEntries)]!, at: (entry % segmentEntries) * words }
  }

  #word(entry: number, word: number): number {
    return this.#segments[Math.floor(entry / segmentEntries)]![(entry % segmentEntries) * words + word]!
  }
}
