import { maxBlobsOfIndex } from '../format/index-file.ts'
import { encodePackHeader, sealOverhead } from '../format/pack.ts'
import type { Engine } from '../wasm/engine.ts'
import { BlobListBuilder, listEntries, type BlobList } from './blob-list.ts'
import { BlobSealer, didNotDecode, type SealedBlob } from './blob-sealer.ts'
import { shortBlob, ShortBlobs } from './short-blobs.ts'
import { packMemoryBytes, type PackSlots } from './pack-slots.ts'
import { PackSink, type PackRest } from './pack-sink.ts'
import type { Drafts } from '../storage/storage.ts'

// Sealed blobs are moved to where the pack is put together, and added to the pack's hash, while the processor's cache still has them.
const stagedBytes = 1024 * 1024

/** A whole pack file: so many bytes in a slot's memory or file. The slot is to be released when it is stored. */
export interface StagedPack {
  readonly id: string
  readonly slot: number
  readonly length: number
  readonly blobs: BlobList
}

/** Blobs that fill no pack. */
export interface StagedRest {
  readonly rest?: PackRest
  readonly blobs: BlobList
}

export interface PackStageOptions {
  readonly compress: boolean
  /** A pack is closed when its blobs reach this many bytes. */
  readonly packBytes: number
  readonly slots: Pick<PackSlots, 'claim' | 'memory'>
  /** One for each slot, where packs are put together in files. */
  readonly drafts?: Drafts
  readonly onPack: (pack: StagedPack) => void
}

/**
 * Gathers data blobs to packs. restic keeps two packs open and assigns blobs at random, so that nobody learns the order
 * of chunk sizes from a pack. Here the workers' timing mixes files, and a pack lists blobs, not files; a single large
 * file keeps its order.
 */
export class PackStage {
  readonly #engine: Engine
  readonly #options: PackStageOptions
  readonly #sealer: BlobSealer
  readonly #short: ShortBlobs
  readonly #blobs = new BlobListBuilder()
  readonly #sink: PackSink
  /** Bytes in the engine's memory that are to go to the pack. */
  #staged = 0

  constructor(engine: Engine, options: PackStageOptions) {
    this.#engine = engine
    this.#options = options
    this.#sealer = new BlobSealer(engine, options.compress ? 'smaller' : 'never')
    this.#short = new ShortBlobs(engine, this.#sealer)
    this.#sink = new PackSink(options.slots, options.drafts)
  }

  /** Puts in the blob of this id, whose plaintext lies at `from`. */
  add(id: Uint8Array, from: number, length: number): void {
    if (!this.#fits(length)) this.#finish()
    const { length: sealed, uncompressedLength } = this.#seal(id, from, length)
    this.#blobs.add(id, sealed, uncompressedLength)
    this.#staged += sealed
    if (this.#staged >= stagedBytes) this.#moveToPack()
    if (this.#blobs.storedBytes >= this.#options.packBytes) this.#finish()
  }

  /** Puts out the blobs that fill no pack, without a header. The stage is empty afterwards. */
  takeRest(): StagedRest {
    const blobs = this.#blobs.take()
    if (blobs.count === 0) return { blobs }
    return { rest: this.#sink.finishRest(this.#takeStaged()), blobs }
  }

  #seal(id: Uint8Array, from: number, length: number): SealedBlob {
    if (length > shortBlob) return this.#sealer.seal(id, from, length, this.#end)
    return this.#short.add(id, from, length, this.#end)
  }

  #fits(length: number): boolean {
    const header = this.#blobs.headerBytes + 41 + sealOverhead + 4
    const bytes = this.#blobs.storedBytes + length + sealOverhead
    return this.#blobs.count < maxBlobsOfIndex && bytes + header <= packMemoryBytes
  }

  get #end(): number {
    return this.#engine.STAGE + this.#staged
  }

  #finish(): void {
    const { SCRATCH, bytes } = this.#engine
    const blobs = this.#blobs.take()
    const header = encodePackHeader(listEntries(blobs, 'data'))
    bytes.set(header, SCRATCH)
    const sealed = this.#engine.seal(SCRATCH, header.length, this.#end)
    const opened = this.#engine.unseal(this.#end, sealed, SCRATCH)
    if (!bytes.subarray(SCRATCH, SCRATCH + opened).equals(header)) throw didNotDecode()
    bytes.writeUInt32LE(sealed, this.#end + sealed)
    this.#staged += sealed + 4
    this.#moveToPack()
    this.#options.onPack({ ...this.#sink.finish(), blobs })
  }

  #moveToPack(): void {
    this.#sink.add(this.#takeStaged())
  }

  /** Good until the next blob comes. */
  #takeStaged(): Uint8Array {
    this.#short.seal()
    const staged = this.#engine.bytes.subarray(this.#engine.STAGE, this.#end)
    this.#staged = 0
    return staged
  }
}
