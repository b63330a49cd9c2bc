import { setTimeout as delay } from 'node:timers/promises'
import { VaultError } from '../errors.ts'
import type { BlobReader } from '../files/blob-reader.ts'
import { parseSnapshot, rewriteSnapshot, type StoredSnapshot } from '../format/snapshot.ts'
import { loadIndex } from '../load-index.ts'
import { withLock, type LockScope } from '../locks.ts'
import type { LockTiming } from '../locks/timing.ts'
import type { Repository } from '../repository.ts'
import { listSnapshots, loadSnapshot } from '../snapshots.ts'
import type { CopyReport, Snapshot, VaultRun } from '../types.ts'
import { Failure } from '../upload/failure.ts'
import { IndexWriter } from '../upload/index-writer.ts'
import { PackStore } from '../upload/pack-store.ts'
import { loadStoredBlobs } from '../upload/stored-blobs.ts'
import { BlobCopier } from './blob-copier.ts'
import { KnownCopies } from './copied-already.ts'
import { ResealPool } from './reseal-pool.ts'
import { WantedBlobs, whyNotWhole, type Walk } from './wanted-blobs.ts'

// Copying: what points need and the other vault lacks is opened, verified and sealed anew, then the index, and last the
// snapshots. What breaks off before leaves packs that no point needs; the next copy uses those again that an index lists.

/** A vault to copy from, with what reads its blobs, and one to copy to. */
export interface CopyPlaces {
  readonly source: Repository
  readonly reader: BlobReader
  readonly target: Repository
}

export interface CopySettings {
  /** restic's default: 16 MiB. */
  readonly packBytes?: number
  /** Bytes that points need before they appear together in the target. Default: 512 MiB. */
  readonly batchBytes?: number
  readonly timing?: LockTiming
}

const packBytesDefault = 16 * 1024 * 1024
// Points one by one would mean a small pack for each; all at once, that a copy of hours shows none until its end.
const batchBytesDefault = 512 * 1024 * 1024
/** What is being written when a copy breaks off may take so long to end; it does no harm later either. */
const settleMs = 10_000

/** By the ids of these snapshots of the source: the copies that the target has. */
export async function findCopies(
  { source, target }: Pick<CopyPlaces, 'source' | 'target'>,
  snapshots: readonly Snapshot[],
): Promise<Map<string, Snapshot>> {
  const known = new KnownCopies(await listSnapshots(target, () => {}))
  const copies = new Map<string, Snapshot>()
  for (const { id } of snapshots) {
    const copy = known.copyOf(await loadSnapshot(source, id))
    if (copy) copies.set(id, copy)
  }
  return copies
}

/**
 * Copies snapshots that the target lacks, under a shared lock on both. One that cannot be copied whole, as the source is
 * damaged, is in the report, and the others are copied; what else goes wrong rejects.
 */
export function copySnapshots(
  places: CopyPlaces,
  snapshots: readonly Snapshot[],
  run: VaultRun,
  settings: CopySettings = {},
): Promise<CopyReport> {
  const { source, target } = places
  if (source.config.id === target.config.id)
    throw new VaultError('bad-input', `${target.location} is the same vault as ${source.location}`, {
      hint: 'name another vault to copy to',
    })
  const lock = { exclusive: false, ...(settings.timing && { timing: settings.timing }) }
  return withLock(source, lock, run, run =>
    withLock(target, lock, run, async (run, targetLock) => {
      const failure = new Failure(run.signal)
      const copy = new Copy({ ...places, run, lock: targetLock, failure, settings })
      try {
        return await copy.run(snapshots)
      } catch (error) {
        // What failed first is the reason; the rest follows from it.
        failure.throwIfFailed()
        throw error
      } finally {
        await copy.end()
        failure.close()
      }
    }),
  )
}

interface CopyOptions extends CopyPlaces {
  readonly run: VaultRun
  readonly lock: LockScope
  readonly failure: Failure
  readonly settings: CopySettings
}

interface Waiting {
  readonly snapshot: StoredSnapshot
  readonly json: Buffer
}

class Copy {
  readonly #options: CopyOptions
  readonly #index: IndexWriter
  readonly #store: PackStore
  readonly #pool: ResealPool
  readonly #copied: { readonly from: Snapshot; readonly to: Snapshot }[] = []
  readonly #present: { readonly from: Snapshot; readonly to: Snapshot }[] = []
  readonly #failed: { readonly from: Snapshot; readonly error: Error }[] = []

  constructor(options: CopyOptions) {
    const { source, target, run, failure } = options
    this.#options = options
    this.#index = new IndexWriter(target, run.now ?? Date.now, () => this.#confirm())
    this.#store = new PackStore(target, this.#index, failure)
    const sealing = ({ key, config }: Repository) => ({ key, version: config.version })
    this.#pool = new ResealPool({ from: sealing(source), to: sealing(target) }, failure)
  }

  async run(snapshots: readonly Snapshot[]): Promise<CopyReport> {
    const { source, reader, target, run, failure, settings } = this.#options
    const known = new KnownCopies(await listSnapshots(target, () => {}))
    const missing = await this.#withoutPresent(snapshots, known)
    if (missing.length > 0) {
      const [index, stored] = [await loadIndex(source, run), await loadStoredBlobs(target, run)]
      const walk = { index, reader, stored, run }
      const { packBytes = packBytesDefault, batchBytes = batchBytesDefault } = settings
      const store = { pool: this.#pool, store: this.#store, packBytes }
      const copier = new BlobCopier({ source, index, reader, target, failure, run, ...store })
      await this.#copyAll(missing, walk, copier, batchBytes)
    }
    const { dataBlobs, treeBlobs, packedBytes } = this.#store.totals
    const report = { copied: this.#copied, present: this.#present, failed: this.#failed }
    return { ...report, blobs: dataBlobs + treeBlobs, bytesAdded: packedBytes }
  }

  /** Whatever the outcome, no thread is left and nothing is written any more. */
  async end(): Promise<void> {
    this.#options.failure.fail(new VaultError('bad-input', 'the copy has ended'))
    await this.#pool.end()
    const enough = new AbortController()
    await Promise.race([this.#store.settled(), delay(settleMs, undefined, { signal: enough.signal }).catch(() => {})])
    enough.abort()
    // Not so an index: it must not appear when our lock is gone.
    await this.#index.settled()
  }

  /** Oldest first, as they were taken. */
  async #withoutPresent(snapshots: readonly Snapshot[], known: KnownCopies): Promise<Waiting[]> {
    const { source } = this.#options
    const missing: Waiting[] = []
    for (const from of snapshots.toSorted((a, b) => a.time.getTime() - b.time.getTime())) {
      const json = await source.loadUnpacked('snapshots', from.id)
      const snapshot = parseSnapshot(from.id, json)
      const to = known.copyOf(snapshot)
      if (to) this.#present.push({ from, to })
      else missing.push({ snapshot, json })
    }
    return missing
  }

  async #copyAll(missing: readonly Waiting[], walk: Walk, copier: BlobCopier, batchBytes: number): Promise<void> {
    const wanted = new WantedBlobs(walk)
    let batch: Waiting[] = []
    for (const waiting of missing) {
      if (await this.#want(waiting, wanted, copier)) batch.push(waiting)
      if (wanted.bytes < batchBytes && waiting !== missing.at(-1)) continue
      await copier.copy(wanted.take())
      await this.#options.failure.during(this.#index.finish())
      for (const { snapshot, json } of batch) await this.#publish(snapshot, json, walk, copier.lost)
      batch = []
    }
  }

  async #want({ snapshot }: Waiting, wanted: WantedBlobs, { lost }: BlobCopier): Promise<boolean> {
    const error = await wanted.add(snapshot.tree)
    if (!error) return true
    // From now on each point is gone through anew before it appears: it may need the same.
    lost.set(`point ${snapshot.id}`, error)
    this.#failed.push({ from: snapshot, error })
    return false
  }

  async #publish(from: StoredSnapshot, json: Buffer, walk: Walk, lost: ReadonlyMap<string, Error>): Promise<void> {
    const { target, run, failure } = this.#options
    const error = lost.size > 0 ? await whyNotWhole(from.tree, walk, lost) : undefined
    if (error) return void this.#failed.push({ from, error })
    await failure.during(this.#confirm())
    const copy = rewriteSnapshot(json, { parent: undefined, original: from.original ?? from.id })
    const to = parseSnapshot(await target.saveUnpacked('snapshots', copy), copy)
    this.#copied.push({ from, to })
    run.onProgress?.({ files: 1, bytes: 0 })
  }

  /** Rejects when nothing may become visible any more. */
  async #confirm(): Promise<void> {
    const { failure, lock } = this.#options
    failure.throwIfFailed()
    await lock.confirm()
    failure.throwIfFailed()
  }
}
