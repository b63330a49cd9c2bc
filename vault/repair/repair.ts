import { VaultError } from '../errors.ts'
import { encodeIndex, maxBlobsOfIndex, parseIndex, type IndexedPack } from '../format/index-file.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { withLock, type LockScope } from '../locks.ts'
import type { LockTiming } from '../locks/timing.ts'
import { IndexReader } from '../index-reader.ts'
import { removeFiles } from '../prune/remove-files.ts'
import type { Repository } from '../repository.ts'
import type { RepairOptions, RepairPlan, RepairReport, VaultRun } from '../types.ts'
import { didNotDecode } from '../upload/blob-sealer.ts'
import { Failure } from '../upload/failure.ts'
import { IndexWriter } from '../upload/index-writer.ts'
import { PackStore } from '../upload/pack-store.ts'
import { SealedBlobSaver } from '../upload/sealed-blob-saver.ts'
import { rewritePoints, type Rewritten } from './rewrite-points.ts'
import { planOf, surveyVault, type Survey } from './survey.ts'

// Repairing: everything good is in the vault a second time, and listed, before anything old goes. So a run that breaks off
// leaves the vault no worse than it was, and the next one goes on from there. Order: what is good in damaged packs, index,
// points, and last the damaged packs.

export interface RepairSettings {
  /** The key that this run has opened the vault with. */
  readonly keyId: string
  readonly packBytes?: number
  readonly timing?: LockTiming
}

const packBytesDefault = 16 * 1024 * 1024

/** Finds out what can be mended, asks `agree`, and does it. Under the exclusive lock from beginning to end. */
export function repairRepository(
  repository: Repository,
  options: RepairOptions,
  agree: (plan: RepairPlan) => Promise<boolean>,
  run: VaultRun,
  settings: RepairSettings,
): Promise<RepairReport> {
  const { timing } = settings
  return withLock(repository, { exclusive: true, ...(timing && { timing }) }, run, async (run, lock) => {
    const survey = await surveyVault(repository, { ...options, keyId: settings.keyId }, run)
    const plan = planOf(survey, options.steps)
    if (isEmpty(plan) || !(await agree(plan))) return { plan, done: false, points: [] }
    const failure = new Failure(run.signal)
    const repair = new Repair({ repository, options, survey, plan, run, lock, failure, settings })
    try {
      return { plan, done: true, points: await repair.run() }
    } finally {
      await repair.end()
      failure.close()
    }
  })
}

const isEmpty = ({ index, packs, points, unreadablePoints, keys }: RepairPlan): boolean =>
  !index && packs.length + points.length + unreadablePoints.length + keys.length === 0

interface RepairParts {
  readonly repository: Repository
  readonly options: RepairOptions
  readonly survey: Survey
  readonly plan: RepairPlan
  readonly run: VaultRun
  readonly lock: LockScope
  readonly failure: Failure
  readonly settings: RepairSettings
}

class Repair {
  readonly #parts: RepairParts
  readonly #index: IndexWriter
  readonly #store: PackStore
  readonly #saver: SealedBlobSaver

  constructor(parts: RepairParts) {
    const { repository, run, lock, failure, settings } = parts
    this.#parts = parts
    this.#index = new IndexWriter(repository, run.now ?? Date.now, () => lock.confirm())
    this.#store = new PackStore(repository, this.#index, failure)
    this.#saver = new SealedBlobSaver(repository, this.#store, failure, settings.packBytes ?? packBytesDefault)
  }

  async run(): Promise<readonly Rewritten[]> {
    const { repository, survey, plan, run, lock, options } = this.#parts
    const { bad, mended } = survey
    const removing = { repository, lock, run }
    if (plan.packs.length > 0) await this.#salvage()
    if (plan.index) await this.#rewriteIndex()
    const reader = new IndexReader(repository, mended.index)
    const listed = () => this.#index.finish()
    const rewriting = { repository, survey, reader, saver: this.#saver, listed, lock, describe: options.describe, run }
    const points = plan.points.length > 0 ? await rewritePoints(rewriting) : []
    await removeFiles(removing, 'snapshots', plan.unreadablePoints)
    await removeFiles(removing, 'keys', plan.keys)
    const packs = plan.packs.length > 0 ? [...bad.packs] : []
    await removeFiles(
      removing,
      'data',
      packs.map(pack => mended.index.packIds[pack]!),
    )
    return points
  }

  /** Nothing is written any more. */
  async end(): Promise<void> {
    this.#parts.failure.fail(new VaultError('bad-input', 'the repair has ended'))
    await this.#store.settled()
    await this.#index.settled()
  }

  /** What is good in damaged packs, and nowhere else, as it lies. */
  async #salvage(): Promise<void> {
    const { repository, survey, run } = this.#parts
    const { mended, table, bad } = survey
    const { index } = mended
    const brought = new Set<string>()
    for (const pack of bad.packs)
      for (const entry of table.entriesOf(pack)) {
        throwIfInterrupted(run)
        const place = index.location(entry)
        const key = `${place.type} ${place.id}`
        const isElsewhere = index
          .entriesOf(place.type, place.id)
          .some(other => isGoodIn(bad, index.packOf(other), other))
        if (bad.entries.has(entry) || isElsewhere || brought.has(key)) continue
        brought.add(key)
        const sealed = await repository.storage.loadPart('data', place.pack, place.offset, place.length)
        await this.#saver.add(place.type, Buffer.from(place.id, 'hex'), sealed, place.uncompressedLength)
      }
    await this.#saver.flush()
    await this.#index.finish()
  }

  /** What is right, whole, without the packs that go; then the old files go. */
  async #rewriteIndex(): Promise<void> {
    const { repository, survey, plan, lock, run } = this.#parts
    const { mended, table, bad } = survey
    let batch: IndexedPack[] = []
    let blobs = 0
    for (const [pack, id] of mended.index.packIds.entries()) {
      if (plan.packs.length > 0 && bad.packs.has(pack)) continue
      const entries = Array.from(table.entriesOf(pack), entry => mended.index.location(entry))
      if (blobs > 0 && blobs + entries.length > maxBlobsOfIndex) {
        await this.#writeIndex(batch)
        ;[batch, blobs] = [[], 0]
      }
      batch.push({ id, blobs: entries })
      blobs += entries.length
    }
    if (batch.length > 0) await this.#writeIndex(batch)
    await removeFiles({ repository, lock, run }, 'index', mended.files)
  }

  async #writeIndex(packs: readonly IndexedPack[]): Promise<void> {
    throwIfInterrupted(this.#parts.run)
    const document = encodeIndex({ packs })
    if (!encodeIndex(parseIndex(document)).equals(document)) throw didNotDecode()
    await this.#parts.lock.confirm()
    await this.#parts.repository.saveUnpacked('index', document)
  }
}

const isGoodIn = (bad: Survey['bad'], pack: number, entry: number): boolean =>
  !bad.packs.has(pack) && !bad.entries.has(entry)
