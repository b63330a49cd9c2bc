import { setTimeout as delay } from 'node:timers/promises'
import { VaultError } from '../errors.ts'
import { IndexReader, type OpenBlob } from '../index-reader.ts'
import { withLock, type LockOptions, type LockScope } from '../locks.ts'
import { BlobOpener } from '../reading/blob-opener.ts'
import type { Repository } from '../repository.ts'
import type { Drafts, Storage } from '../storage/storage.ts'
import type { Snapshot, SnapshotDetails, Uploader, VaultRun } from '../types.ts'
import { Engine } from '../wasm/engine.ts'
import { Failure } from './failure.ts'
import { IndexWriter } from './index-writer.ts'
import { LinkGuard } from './link-guard.ts'
import { PackBuilder } from './pack-builder.ts'
import { PackStore } from './pack-store.ts'
import { PointUploader } from './point-uploader.ts'
import { storeSnapshot, summarize } from './publish.ts'
import { Squeezer } from './squeezer.ts'
import { areStillStored, loadStoredBlobs, type StoredBlobs } from './stored-blobs.ts'
import { Tally } from './tally.ts'
import { TreeSaver } from './tree-saver.ts'
import type { UploadParts } from './upload-parts.ts'
import { packsOf, WorkerPool, type PoolSizes } from './worker-pool.ts'

// Uploading: contents become blobs in worker threads, blobs become packs, folders become trees; then the index, and last
// the snapshot. What breaks off before leaves packs that no point needs, which the next upload uses again where an
// index lists them.

export interface UploadSettings {
  /** restic's default: 16 MiB. Blobs of a pack together; the last may make it larger. */
  readonly packBytes?: number
  /** Threads at most. Default: as many as cores, 2 to 4. */
  readonly workers?: number
  readonly timing?: LockOptions['timing']
  /** How long what is being written when an upload breaks off may take to end. Default: 10 seconds. */
  readonly settleMs?: number
}

/** restic's default, and what the engine's memory is made for. */
const packBytesDefault = 16 * 1024 * 1024
/** What is being written when an upload breaks off may take so long to end; it does no harm later either. */
const settleMsDefault = 10_000

/**
 * Runs `use` with an uploader, under a shared lock. When it has ended, however that was, no thread and no lock of it is
 * left. Rejects with the reason if the upload failed, also if `use` did not care.
 */
export function withUploader<T>(
  repository: Repository,
  run: VaultRun,
  use: (uploader: Uploader) => Promise<T>,
  settings: UploadSettings = {},
): Promise<T> {
  const { timing } = settings
  let early: Promise<StoredBlobs | undefined> | undefined
  const meanwhile = (locking: VaultRun) => {
    early = loadStoredBlobs(repository, locking).catch(() => undefined)
  }
  return withLock(repository, { exclusive: false, ...(timing && { timing }), meanwhile }, run, async (locked, lock) => {
    const failure = new Failure(locked.signal)
    try {
      const stored = await failure.during(storedNow(repository, locked, early))
      const sizes = sizesFor(repository.storage, settings)
      const drafts = await repository.storage.drafts?.(packsOf(sizes))
      const upload = new Upload({ repository, run: locked, lock, failure, stored, settings, sizes, drafts })
      return await upload.run(use)
    } finally {
      failure.close()
    }
  })
}

function sizesFor({ connections, localPath }: Storage, { workers }: UploadSettings): PoolSizes {
  // On a disk, one is stored while others are filled; each more takes memory and makes nothing faster.
  const storing = connections ?? (localPath ? 1 : undefined)
  return { ...(workers && { workers }), ...(storing && { storing }) }
}

async function storedNow(
  repository: Repository,
  run: VaultRun,
  early: Promise<StoredBlobs | undefined> | undefined,
): Promise<StoredBlobs> {
  const stored = await early
  return stored && (await areStillStored(stored, repository)) ? stored : loadStoredBlobs(repository, run)
}

// Like the uploader's own trees, earlier ones go through its memory: nobody else works in it meanwhile.
function treeOpener({ key }: Repository, engine: Engine): OpenBlob {
  const opener = new BlobOpener(key, engine)
  return (place, stored) => Buffer.from(opener.open(place, Buffer.from(place.id, 'hex'), stored))
}

interface UploadOptions {
  readonly repository: Repository
  readonly run: VaultRun
  readonly lock: LockScope
  readonly failure: Failure
  readonly stored: StoredBlobs
  readonly settings: UploadSettings
  readonly sizes: PoolSizes
  readonly drafts: Drafts | undefined
}

class Upload {
  readonly #options: UploadOptions
  readonly #now: () => number
  readonly #began: number
  readonly #index: IndexWriter
  readonly #store: PackStore
  readonly #parts: UploadParts
  #published = false

  constructor(options: UploadOptions) {
    const { repository, run, failure, stored, settings } = options
    this.#options = options
    this.#now = run.now ?? Date.now
    this.#began = this.#now()
    this.#index = new IndexWriter(repository, this.#now, () => this.#confirm())
    this.#store = new PackStore(repository, this.#index, failure)
    const { packBytes = packBytesDefault } = settings
    const engine = new Engine({ key: repository.key, polynomial: repository.config.polynomial })
    const onProgress = (files: number, bytes: number) => run.onProgress?.({ files, bytes })
    this.#parts = {
      failure,
      stored,
      reader: new IndexReader(repository, stored.treeIndex, treeOpener(repository, engine)),
      onProgress,
      tally: new Tally(),
      links: new LinkGuard(),
      squeezer: new Squeezer(engine),
      trees: new TreeSaver({ repository, engine, failure, trees: stored.trees, store: this.#store, packBytes }),
      pool: this.#startPool(packBytes),
    }
  }

  async run<T>(use: (uploader: Uploader) => Promise<T>): Promise<T> {
    const { failure } = this.#options
    const publish = (tree: string, details: SnapshotDetails) => this.#publish(tree, details)
    try {
      const result = await use(new PointUploader({ parts: this.#parts, time: this.#began, publish }))
      if (!this.#published) failure.throwIfFailed()
      return result
    } catch (error) {
      // What failed first is the reason; the rest follows from it, unless it says of what it is the reason.
      if (!this.#published) failure.throwUnlessTold(error)
      throw error
    } finally {
      await this.#end()
    }
  }

  #startPool(packBytes: number): WorkerPool {
    const { repository, failure, stored, sizes, drafts } = this.#options
    const { key, config } = repository
    const start = { key, polynomial: config.polynomial, compress: config.version > 1, table: stored.data.memory }
    const store = (pack: Parameters<PackStore['store']>[0]) => this.#store.store(pack, 'data')
    return new WorkerPool({ ...start, packBytes }, { failure, store, ...sizes, ...(drafts && { drafts }) })
  }

  /** Packs, then the index, then the snapshot. */
  async #publish(tree: string, details: SnapshotDetails): Promise<Snapshot> {
    const { repository, failure } = this.#options
    await this.#parts.trees.finish()
    await this.#storeRests()
    await failure.during(this.#store.settled())
    await failure.during(this.#index.finish())
    await failure.during(this.#confirm())
    const summary = summarize(this.#parts.tally, this.#store.totals, this.#began, this.#now())
    const snapshot = await storeSnapshot(repository, tree, details, summary)
    this.#published = true
    return snapshot
  }

  /** Rejects when nothing may become visible any more. */
  async #confirm(): Promise<void> {
    const { failure, lock } = this.#options
    failure.throwIfFailed()
    await lock.confirm()
    failure.throwIfFailed()
  }

  /** The blobs that the workers have left, in as few packs as possible. */
  async #storeRests(): Promise<void> {
    const { repository, failure, settings } = this.#options
    const packs = new PackBuilder(repository.key, 'data', settings.packBytes ?? packBytesDefault)
    const rests = await failure.during(this.#parts.pool.finish())
    // The threads' memory is more than what is needed from here on.
    await failure.during(this.#parts.pool.end())
    for (const rest of rests)
      for (const pack of packs.addList(rest.blobs, this.#parts.pool.read(rest))) void this.#store.store(pack, 'data')
    const last = packs.finish()
    if (last) void this.#store.store(last, 'data')
  }

  async #end(): Promise<void> {
    this.#options.failure.fail(new VaultError('bad-input', 'the upload has ended'))
    await this.#parts.pool.end()
    const enough = new AbortController()
    const { settleMs = settleMsDefault } = this.#options.settings
    await Promise.race([this.#store.settled(), delay(settleMs, undefined, { signal: enough.signal }).catch(() => {})])
    enough.abort()
    // Not so an index: it must not appear when our lock is gone.
    await this.#index.settled()
    const { drafts, repository } = this.#options
    // What cannot be removed now, whoever tidies up finds.
    if (drafts) await repository.storage.removeDrafts?.(drafts).catch(() => {})
  }
}
