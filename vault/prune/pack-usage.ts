import type { BlobIndex } from '../blob-index.ts'
import { PackTable } from '../check/pack-table.ts'
import { VaultError } from '../errors.ts'
import { headerEntrySize, sealOverhead } from '../format/pack.ts'
import type { StoredFile } from '../storage/storage.ts'
import { storagePath } from '../storage/layout.ts'
import { BitSet } from './bit-set.ts'

/** What every pack of the index holds, by its number, once it is settled which copy of each blob stays. */
export class PackUsage {
  readonly index: BlobIndex
  readonly table: PackTable
  /** The entries that stay: of each blob that is needed, one, in a pack that is there and as long as it should be. */
  readonly kept: BitSet
  /** Bytes as stored, with the share of the header, of what stays and of what does not. */
  readonly usedBytes: Float64Array
  readonly unusedBytes: Float64Array
  readonly usedBlobs: Uint32Array
  /** Sizes of the files; undefined: it is not there. */
  readonly #sizes: ReadonlyMap<string, number>
  /** 1: the file is there, and as long as its blobs make it. */
  readonly #sound: Uint8Array
  /** By entry: the first entry of the same blob. */
  readonly #firsts: Uint32Array

  /** `needed` are first entries. Rejects with vault-damaged where a needed blob is in no sound pack. */
  constructor(index: BlobIndex, needed: BitSet, files: readonly StoredFile[]) {
    const packs = index.packIds.length
    this.index = index
    this.table = new PackTable(index)
    this.kept = new BitSet(index.count)
    this.usedBytes = new Float64Array(packs)
    this.unusedBytes = new Float64Array(packs)
    this.usedBlobs = new Uint32Array(packs)
    this.#sizes = new Map(files.map(({ name, size }) => [name, size]))
    this.#sound = Uint8Array.from(index.packIds, (id, pack) => +(this.#sizes.get(id) === this.table.expectedSize(pack)))
    this.#firsts = Uint32Array.from({ length: index.count }, (_, entry) => this.#firstOf(entry))
    this.#choose(needed)
    for (let entry = 0; entry < index.count; entry++) this.#count(entry)
  }

  get packs(): number {
    return this.usedBytes.length
  }

  /** The size of the pack's file, or undefined if there is none. */
  fileSize(pack: number): number | undefined {
    return this.#sizes.get(this.index.packIds[pack]!)
  }

  blobBytes(entry: number): number {
    const uncompressedLength = this.index.plainLengthOf(entry) + sealOverhead - this.index.storedLengthOf(entry)
    // 0 where it is not compressed; one that compression left as long as it was counts four bytes too few.
    return this.index.storedLengthOf(entry) + headerEntrySize({ uncompressedLength })
  }

  #firstOf(entry: number): number {
    return this.index.entryOf(this.index.typeOf(entry), this.index.idOf(entry))!
  }

  #choose(needed: BitSet): void {
    const chosen = new Uint32Array(this.index.count)
    const copies = this.#countCopies(needed)
    // Packs that hold the only copy of something stay anyway; what they have is kept there.
    const stays = new Uint8Array(this.packs)
    for (let entry = 0; entry < this.index.count; entry++)
      if (this.#isCopy(needed, entry) && copies[this.#firsts[entry]!] === 1) stays[this.index.packOf(entry)] = 1
    const waste = this.#wasteOf(needed)
    const isBetter = (a: number, b: number) => stays[a]! - stays[b]! || waste[b]! - waste[a]! || a - b
    for (let entry = 0; entry < this.index.count; entry++) {
      if (!this.#isCopy(needed, entry)) continue
      const before = chosen[this.#firsts[entry]!]!
      if (before === 0 || isBetter(this.index.packOf(entry), this.index.packOf(before - 1)) > 0)
        chosen[this.#firsts[entry]!] = entry + 1
    }
    for (const entry of chosen) if (entry > 0) this.kept.add(entry - 1)
  }

  /** By first entry. */
  #countCopies(needed: BitSet): Uint32Array {
    const copies = new Uint32Array(this.index.count)
    for (let entry = 0; entry < this.index.count; entry++)
      if (this.#isCopy(needed, entry)) copies[this.#firsts[entry]!]!++
    for (let entry = 0; entry < this.index.count; entry++)
      if (needed.has(entry) && copies[entry] === 0) throw this.#notThere(entry)
    return copies
  }

  /** Bytes of each pack that nothing needs, whichever copies stay. */
  #wasteOf(needed: BitSet): Float64Array {
    const waste = new Float64Array(this.packs)
    for (let entry = 0; entry < this.index.count; entry++)
      if (!needed.has(this.#firsts[entry]!)) waste[this.index.packOf(entry)]! += this.blobBytes(entry)
    return waste
  }

  #isCopy(needed: BitSet, entry: number): boolean {
    return needed.has(this.#firsts[entry]!) && this.#sound[this.index.packOf(entry)] === 1
  }

  #count(entry: number): void {
    const pack = this.index.packOf(entry)
    const isKept = this.kept.has(entry)
    const bytes = isKept ? this.usedBytes : this.unusedBytes
    bytes[pack]! += this.blobBytes(entry)
    if (isKept) this.usedBlobs[pack]!++
  }

  /** Whether another entry of the blob goes while this one stays. */
  hasTwin(entry: number): boolean {
    const { index } = this
    return index.entriesOf(index.typeOf(entry), index.idOf(entry)).length > 1
  }

  #notThere(entry: number): VaultError {
    const pack = this.index.packIds[this.index.packOf(entry)]!
    const what = this.#sizes.has(pack) ? 'has the wrong size' : 'is missing'
    return new VaultError(
      'vault-damaged',
      `${storagePath('data', pack)} ${what}, with blobs that points need; nothing is removed`,
      { hint: 'see what is damaged with: aidatavault check' },
    )
  }
}
