import { isDamage, type BlobReader } from '../files/blob-reader.ts'
import { JobPool } from '../files/job-pool.ts'
import type { BlobIndex } from '../blob-index.ts'
import type { BlobType } from '../format/pack.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'
import type { Failure } from '../upload/failure.ts'
import { PackBuilder, type FinishedPack } from '../upload/pack-builder.ts'
import type { PackStore } from '../upload/pack-store.ts'
import type { ResealPool } from './reseal-pool.ts'
import { sealBlob, type ResealedBlob } from './reseal.ts'
import { stretchesOf, type StretchPlace } from './stretches.ts'

/** Packs that may wait to be stored before no more is read. */
const maxUnstoredPacks = 3

export interface BlobCopierOptions {
  readonly source: Repository
  readonly index: BlobIndex
  /** Of the source: finds other copies of what is damaged. */
  readonly reader: BlobReader
  readonly target: Repository
  readonly pool: ResealPool
  readonly store: PackStore
  readonly failure: Failure
  readonly packBytes: number
  readonly run: VaultRun
}

/** Brings blobs from one vault to another: reading, verifying and sealing, and storing overlap; memory stays flat. */
export class BlobCopier {
  /** Blobs that no copy in the source has whole, by type and id. */
  readonly lost = new Map<string, Error>()
  readonly #options: BlobCopierOptions
  readonly #packs: Readonly<Record<BlobType, PackBuilder>>
  readonly #unstored = new Set<Promise<void>>()

  constructor(options: BlobCopierOptions) {
    this.#options = options
    const builder = (type: BlobType) => new PackBuilder(options.target.key, type, options.packBytes)
    this.#packs = { data: builder('data'), tree: builder('tree') }
  }

  /** Resolves when these entries are durable in the target, but for those that are lost. */
  async copy(entries: Uint32Array): Promise<void> {
    const { index, pool, run, failure } = this.#options
    const jobs = new JobPool(pool.width + 2)
    for (const stretch of stretchesOf(index, entries)) {
      throwIfInterrupted(run)
      await jobs.start(() => this.#copyStretch(stretch))
    }
    await jobs.finish()
    for (const type of ['data', 'tree'] as const) this.#send(this.#packs[type].finish(), type)
    await failure.during(Promise.all(this.#unstored))
    failure.throwIfFailed()
  }

  async #copyStretch({ pack, offset, length, entries }: StretchPlace): Promise<void> {
    const { index, source, pool, run } = this.#options
    const places = Array.from(entries, entry => index.location(entry))
    const bytes = await source.storage.loadPart('data', pack, offset, length).catch(undefinedIfDamaged)
    if (!bytes) return this.#copyAlone(places)
    const blobs = places.map(place => ({ ...place, offset: place.offset - offset }))
    const resealed = await pool.reseal({ bytes, blobs })
    let at = 0
    for (const blob of resealed.blobs) await this.#add(blob, resealed.bytes.subarray(at, (at += blob.length)))
    run.onProgress?.({ files: 0, bytes: resealed.bytes.length })
    await this.#copyAlone(resealed.bad.map(place => places[place]!))
  }

  /** What was not good where it lay first: maybe it was the way, or another pack has it too. */
  async #copyAlone(blobs: readonly { readonly type: BlobType; readonly id: string }[]): Promise<void> {
    const { reader, target } = this.#options
    for (const { type, id } of blobs)
      try {
        const plain = await reader.readBlob(type, id)
        const { sealed, uncompressedLength } = sealBlob(plain, type, {
          key: target.key,
          version: target.config.version,
        })
        await this.#add({ type, id, length: sealed.length, uncompressedLength }, sealed)
      } catch (error) {
        if (!isDamage(error)) throw error
        this.lost.set(`${type} ${id}`, error)
      }
  }

  async #add({ type, id, uncompressedLength }: ResealedBlob, sealed: Uint8Array): Promise<void> {
    this.#send(this.#packs[type].add(Buffer.from(id, 'hex'), sealed, uncompressedLength), type)
    while (this.#unstored.size >= maxUnstoredPacks) await this.#options.failure.during(Promise.race(this.#unstored))
  }

  #send(pack: FinishedPack | undefined, type: BlobType): void {
    if (!pack) return
    const storing = this.#options.store.store(pack, type).finally(() => this.#unstored.delete(storing))
    this.#unstored.add(storing)
  }
}

function undefinedIfDamaged(error: unknown): undefined {
  if (!isDamage(error)) throw error
}
