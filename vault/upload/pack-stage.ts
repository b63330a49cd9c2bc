import { hash } from 'node:crypto'
import { maxBlobsOfIndex } from '../format/index-file.ts'
import { encodePackHeader, sealOverhead } from '../format/pack.ts'
import type { Engine } from '../wasm/engine.ts'
import { BlobListBuilder, listEntries, type BlobList } from './blob-list.ts'
import { BlobSealer, didNotDecode } from './blob-sealer.ts'

/** Room for any pack: 16 MiB of blobs, the last of which may be a large one, and the header. */
export const packMemoryBytes = 25 * 1024 * 1024

/** A whole pack file, so many bytes at the beginning of where packs are put. */
export interface StagedPack {
  readonly id: string
  readonly length: number
  readonly blobs: BlobList
}

export interface PackStageOptions {
  readonly compress: boolean
  /** A pack is closed when its blobs reach this many bytes. */
  readonly packBytes: number
  /** The memory where a pack is to be put, `packMemoryBytes` of it; waits until the one before is not needed any more. */
  readonly exit: () => Uint8Array
  readonly onPack: (pack: StagedPack) => void
}

/**
 * Gathers data blobs to packs inside the engine's memory. restic keeps two packs open and assigns blobs at random, so
 * that nobody learns the order of chunk sizes from a pack. Here the workers' timing mixes files, and a pack lists
 * blobs, not files; a single large file keeps its order.
 */
export class PackStage {
  readonly #engine: Engine
  readonly #options: PackStageOptions
  readonly #sealer: BlobSealer
  readonly #blobs = new BlobListBuilder()

  constructor(engine: Engine, options: PackStageOptions) {
    this.#engine = engine
    this.#options = options
    this.#sealer = new BlobSealer(engine, options.compress ? 'smaller' : 'never')
  }

  /** Puts in the blob of this id, whose plaintext lies at `from`. */
  add(id: Uint8Array, from: number, length: number): void {
    if (!this.#fits(length)) this.#finish()
    const { length: sealed, uncompressedLength } = this.#sealer.seal(id, from, length, this.#end)
    this.#blobs.add(id, sealed, uncompressedLength)
    if (this.#blobs.storedBytes >= this.#options.packBytes) this.#finish()
  }

  /** Puts out the blobs that fill no pack, without a header. The stage is empty afterwards. */
  takeRest(): { length: number; blobs: BlobList } {
    const { length } = this.#putOut(this.#blobs.storedBytes)
    return { length, blobs: this.#blobs.take() }
  }

  #fits(length: number): boolean {
    const header = this.#blobs.headerBytes + 41 + sealOverhead + 4
    const bytes = this.#blobs.storedBytes + length + sealOverhead
    return this.#blobs.count < maxBlobsOfIndex && bytes + header <= Math.min(this.#engine.STAGE_CAP, packMemoryBytes)
  }

  get #end(): number {
    return this.#engine.STAGE + this.#blobs.storedBytes
  }

  #finish(): void {
    const { STAGE, SCRATCH, bytes } = this.#engine
    const end = this.#end
    const blobs = this.#blobs.take()
    const header = encodePackHeader(listEntries(blobs, 'data'))
    bytes.set(header, SCRATCH)
    const sealed = this.#engine.seal(SCRATCH, header.length, end)
    const opened = this.#engine.unseal(end, sealed, SCRATCH)
    if (!bytes.subarray(SCRATCH, SCRATCH + opened).equals(header)) throw didNotDecode()
    bytes.writeUInt32LE(sealed, end + sealed)
    const pack = this.#putOut(end + sealed + 4 - STAGE)
    this.#options.onPack({ id: hash('sha256', pack, 'hex'), length: pack.length, blobs })
  }

  #putOut(length: number): Uint8Array {
    const { STAGE, bytes } = this.#engine
    const exit = this.#options.exit().subarray(0, length)
    exit.set(bytes.subarray(STAGE, STAGE + length))
    return exit
  }
}
