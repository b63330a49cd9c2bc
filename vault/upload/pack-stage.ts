import { hash } from 'node:crypto'
import { VaultError } from '../errors.ts'
import { maxBlobsOfIndex } from '../format/index-file.ts'
import { encodePackHeader, sealOverhead } from '../format/pack.ts'
import type { Engine } from '../wasm/engine.ts'
import { BlobListBuilder, listEntries, type BlobList } from './blob-list.ts'
import { maxChunk, windowBytes } from './read-window.ts'

/** A whole pack file. */
export interface FinishedPack {
  readonly id: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly blobs: BlobList
}

export interface PackStageOptions {
  readonly compress: boolean
  /** A pack is closed when its blobs reach this many bytes. */
  readonly packBytes: number
  readonly onPack: (pack: FinishedPack) => void
}

/**
 * Gathers data blobs to packs inside the engine's memory. restic keeps two packs open and assigns blobs at random, so
 * that nobody learns the order of chunk sizes from a pack. Here the workers' timing mixes files, and a pack lists
 * blobs, not files; a single large file keeps its order.
 */
export class PackStage {
  readonly #engine: Engine
  readonly #options: PackStageOptions
  readonly #blobs = new BlobListBuilder()

  constructor(engine: Engine, options: PackStageOptions) {
    this.#engine = engine
    this.#options = options
  }

  /** Puts in the blob of this id, whose plaintext lies at `from`. */
  add(id: Uint8Array, from: number, length: number): void {
    if (!this.#fits(length)) this.#finish()
    const at = this.#engine.STAGE + this.#blobs.storedBytes
    const packed = this.#options.compress ? this.#compress(from, length) : 0
    const sealed = packed ? this.#engine.seal(this.#engine.SCRATCH, packed, at) : this.#engine.seal(from, length, at)
    this.#verify(id, at, sealed, packed ? length : 0)
    this.#blobs.add(id, sealed, packed ? length : 0)
    if (this.#blobs.storedBytes >= this.#options.packBytes) this.#finish()
  }

  /** The blobs that fill no pack, without a header. The stage is empty afterwards. */
  takeRest(): { bytes: Uint8Array<ArrayBuffer>; blobs: BlobList } {
    const bytes = this.#copy(this.#blobs.storedBytes)
    return { bytes, blobs: this.#blobs.take() }
  }

  #fits(length: number): boolean {
    const header = this.#blobs.headerBytes + 41 + sealOverhead + 4
    const bytes = this.#blobs.storedBytes + length + sealOverhead
    return this.#blobs.count < maxBlobsOfIndex && bytes + header <= this.#engine.STAGE_CAP
  }

  /** Into the scratch; 0 where it does not get smaller, which is stored as it is. */
  #compress(from: number, length: number): number {
    const { SCRATCH, SCRATCH_CAP } = this.#engine
    const packed = this.#engine.compress(from, length, SCRATCH, SCRATCH_CAP)
    return packed < length ? packed : 0
  }

  // What was just encoded is decoded again before it counts: a fault of memory, of the processor or of this program
  // shows here, and not on the day of the restore.
  #verify(id: Uint8Array, at: number, sealed: number, uncompressedLength: number): void {
    const { SCRATCH, READ } = this.#engine
    const spare = READ + windowBytes
    let [from, length] = [SCRATCH, this.#engine.unseal(at, sealed, SCRATCH)]
    if (uncompressedLength) {
      length = this.#engine.expand(SCRATCH, length, spare, maxChunk)
      if (length !== uncompressedLength) throw didNotDecode()
      from = spare
    }
    if (!this.#engine.hash(from, length).equals(id)) throw didNotDecode()
  }

  #finish(): void {
    const { STAGE, SCRATCH, bytes } = this.#engine
    const end = STAGE + this.#blobs.storedBytes
    const blobs = this.#blobs.take()
    const header = encodePackHeader(listEntries(blobs, 'data'))
    bytes.set(header, SCRATCH)
    const sealed = this.#engine.seal(SCRATCH, header.length, end)
    const opened = this.#engine.unseal(end, sealed, SCRATCH)
    if (!bytes.subarray(SCRATCH, SCRATCH + opened).equals(header)) throw didNotDecode()
    bytes.writeUInt32LE(sealed, end + sealed)
    const pack = this.#copy(end + sealed + 4 - STAGE)
    this.#options.onPack({ id: hash('sha256', pack, 'hex'), bytes: pack, blobs })
  }

  #copy(length: number): Uint8Array<ArrayBuffer> {
    const { STAGE, bytes } = this.#engine
    const copy = Buffer.allocUnsafeSlow(length)
    copy.set(bytes.subarray(STAGE, STAGE + length))
    return copy
  }
}

/** Something was encoded and does not decode to what it was. */
export const didNotDecode = (): VaultError =>
  new VaultError(
    'vault-damaged',
    'what was about to be stored could not be read again; nothing of it was made a point',
    {
      hint: 'the memory or the processor of this machine may be faulty: test them before you go on',
    },
  )
