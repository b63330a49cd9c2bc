import { openBlob } from '../blob.ts'
import type { BlobLocation } from '../blob-index.ts'
import { stretchesOf, type StretchPlace } from '../copy/stretches.ts'
import { VaultError } from '../errors.ts'
import { isDamage } from '../files/blob-reader.ts'
import type { BlobType } from '../format/pack.ts'
import { JobPool } from '../files/job-pool.ts'
import { pause, throwIfInterrupted } from '../interrupt.ts'
import type { LockScope } from '../locks.ts'
import type { Repository } from '../repository.ts'
import { storagePath } from '../storage/layout.ts'
import type { VaultRun } from '../types.ts'
import { Failure } from '../upload/failure.ts'
import { IndexWriter } from '../upload/index-writer.ts'
import { PackBuilder, type FinishedPack } from '../upload/pack-builder.ts'
import { PackStore } from '../upload/pack-store.ts'
import type { PackUsage } from './pack-usage.ts'

/** Packs that may wait to be stored before no more is read. */
const maxUnstoredPacks = 2
/** Stretches that are read side by side where the storage does not say how many. */
const readsOnDisk = 2
/** What is being written when it breaks off may take so long to end. */
const settleMs = 10_000

export interface RepackOptions {
  readonly repository: Repository
  readonly usage: PackUsage
  readonly packBytes: number
  readonly lock: LockScope
  readonly run: VaultRun
}

/**
 * Brings what stays of these packs into new ones, and lists those in new index files. Blobs are taken as they lie, sealed,
 * but each is opened and held against its id first. Nothing is removed here: until the old packs are out of the index,
 * their blobs are there twice.
 */
export async function repack(options: RepackOptions, packs: readonly number[]): Promise<void> {
  const failure = new Failure(options.run.signal)
  const repacker = new Repacker(options, failure)
  try {
    await repacker.bring(packs)
  } finally {
    failure.fail(new VaultError('bad-input', 'the repacking has ended'))
    await repacker.end()
    failure.close()
  }
}

class Repacker {
  readonly #options: RepackOptions
  readonly #failure: Failure
  readonly #index: IndexWriter
  readonly #store: PackStore
  readonly #builders: Readonly<Record<BlobType, PackBuilder>>
  readonly #unstored = new Set<Promise<void>>()

  constructor(options: RepackOptions, failure: Failure) {
    const { repository, packBytes, lock, run } = options
    this.#options = options
    this.#failure = failure
    this.#index = new IndexWriter(repository, run.now ?? Date.now, async () => {
      failure.throwIfFailed()
      await lock.confirm()
      failure.throwIfFailed()
    })
    this.#store = new PackStore(repository, this.#index, failure)
    const builder = (type: BlobType) => new PackBuilder(repository.key, type, packBytes)
    this.#builders = { data: builder('data'), tree: builder('tree') }
  }

  async bring(packs: readonly number[]): Promise<void> {
    const { repository, usage } = this.#options
    const jobs = new JobPool(repository.storage.connections ?? readsOnDisk)
    for (const pack of packs)
      for (const stretch of stretchesOf(usage.index, this.#keptOf(pack)))
        await jobs.start(() => this.#bringStretch(stretch))
    await jobs.finish()
    for (const type of ['data', 'tree'] as const) this.#send(this.#builders[type].finish(), type)
    await this.#failure.during(this.#store.settled())
    this.#failure.throwIfFailed()
    await this.#failure.during(this.#index.finish())
  }

  /** Lets what is being written end: a pack does no harm later either, but no index may appear when our lock is gone. */
  async end(): Promise<void> {
    const enough = new AbortController()
    await Promise.race([this.#store.settled(), pause(settleMs, enough.signal).catch(() => {})])
    enough.abort()
    await this.#index.settled()
  }

  /** The entries that stay, as they lie. */
  #keptOf(pack: number): Uint32Array {
    const { kept, table } = this.#options.usage
    return table.entriesOf(pack).filter(entry => kept.has(entry))
  }

  async #bringStretch({ pack, offset, length, entries }: StretchPlace): Promise<void> {
    throwIfInterrupted(this.#options.run)
    const { repository, usage, run } = this.#options
    const bytes = await this.#failure.during(repository.storage.loadPart('data', pack, offset, length))
    for (const entry of entries) {
      const place = usage.index.location(entry)
      this.#add(place, bytes.subarray(place.offset - offset, place.offset - offset + place.length))
    }
    run.onProgress?.({ files: 0, bytes: length })
    while (this.#unstored.size >= maxUnstoredPacks) await this.#failure.during(Promise.race(this.#unstored))
  }

  #add(place: BlobLocation, sealed: Uint8Array): void {
    try {
      openBlob(this.#options.repository.key, place, sealed)
    } catch (error) {
      throw isDamage(error) ? damagedIn(place, error) : error
    }
    const { id, type, uncompressedLength } = place
    this.#send(this.#builders[type].add(Buffer.from(id, 'hex'), sealed, uncompressedLength), type)
  }

  #send(pack: FinishedPack | undefined, type: BlobType): void {
    if (!pack) return
    const storing = this.#store.store(pack, type).finally(() => this.#unstored.delete(storing))
    this.#unstored.add(storing)
  }
}

/** Something that points need cannot be read; all copies of it stay as they are, for whoever can bring it back. */
export const damagedIn = ({ id, pack }: Pick<BlobLocation, 'id' | 'pack'>, cause: Error): VaultError =>
  new VaultError(
    'vault-damaged',
    `the blob ${id} in ${storagePath('data', pack)}, which points need, is damaged: ${cause.message}; nothing that points need was removed`,
    { hint: 'see which points it touches with: aidatavault check --read-data', cause },
  )
