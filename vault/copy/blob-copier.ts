import { isDamage, type BlobReader } from '../files/blob-reader.ts'
import { JobPool } from '../files/job-pool.ts'
import type { BlobIndex } from '../blob-index.ts'
import type { BlobType } from '../format/pack.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'
import type { Failure } from '../upload/failure.ts'
import type { PackStore } from '../upload/pack-store.ts'
import { SealedBlobSaver } from '../upload/sealed-blob-saver.ts'
import type { ResealPool } from './reseal-pool.ts'
import { sealBlob, type ResealedBlob } from './reseal.ts'
import { stretchesOf, type StretchPlace } from './stretches.ts'

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
  readonly #saver: SealedBlobSaver

  constructor(options: BlobCopierOptions) {
    const { target, store, failure, packBytes } = options
    this.#options = options
    this.#saver = new SealedBlobSaver(target, store, failure, packBytes)
  }

  /** Resolves when these entries are durable in the target, but for those that are lost. */
  async copy(entries: Uint32Array): Promise<void> {
    const { index, pool, run } = this.#options
    const jobs = new JobPool(pool.width + 2)
    for (const stretch of stretchesOf(index, entries)) {
      throwIfInterrupted(run)
      await jobs.start(() => this.#copyStretch(stretch))
    }
    await jobs.finish()
    await this.#saver.flush()
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

  #add({ type, id, uncompressedLength }: ResealedBlob, sealed: Uint8Array): Promise<void> {
    return this.#saver.add(type, Buffer.from(id, 'hex'), sealed, uncompressedLength)
  }
}

function undefinedIfDamaged(error: unknown): undefined {
  if (!isDamage(error)) throw error
}
