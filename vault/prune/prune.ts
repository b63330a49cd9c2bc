import { VaultError } from '../errors.ts'
import { isDamage } from '../files/blob-reader.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { withLock, type LockScope } from '../locks.ts'
import type { LockTiming } from '../locks/timing.ts'
import type { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import type { StoredFile } from '../storage/storage.ts'
import type { PruneOptions, PrunePlan, VaultRun } from '../types.ts'
import { IndexReader } from '../index-reader.ts'
import { loadListedIndex, type ListedIndex } from './listed-index.ts'
import { PackUsage } from './pack-usage.ts'
import { decideFates, describeFates, type PackFates } from './prune-plan.ts'
import { removeFiles } from './remove-files.ts'
import { assertStays } from './remove-snapshots.ts'
import { damagedIn, repack } from './repack.ts'
import { rewriteIndex } from './rewrite-index.ts'
import { findUsedBlobs } from './used-blobs.ts'

// Pruning: what no point needs goes. In restic's order, so that a stop at any moment leaves a vault in which every point
// is whole: new packs, then the index that lists them, then the index without the old packs, then the old index files
// are removed, and the old packs last.

export interface PruneSettings {
  /** restic's default: 16 MiB. */
  readonly packBytes?: number
  readonly timing?: LockTiming
}

const packBytesDefault = 16 * 1024 * 1024

/** What pruning would do. Reads only, under a shared lock: nobody else removes anything meanwhile. */
export function planPrune(
  repository: Repository,
  options: PruneOptions,
  run: VaultRun,
  settings: PruneSettings = {},
): Promise<PrunePlan> {
  return withLock(repository, lockOptions(false, settings), run, async run => {
    const found = await survey(repository, options, run, settings)
    return found.plan
  })
}

/**
 * Removes the snapshots that are to be forgotten, and then what no snapshot needs any more. Everything that is needed is
 * found first: what cannot be followed to its end rejects with vault-damaged, before anything is changed.
 */
export function prune(
  repository: Repository,
  options: PruneOptions,
  run: VaultRun,
  settings: PruneSettings = {},
): Promise<PrunePlan> {
  return withLock(repository, lockOptions(true, settings), run, async (run, lock) => {
    if (options.forget) await assertStays(repository, options.forget)
    const found = await survey(repository, options, run, settings)
    await carryOut({ repository, run, lock, packBytes: settings.packBytes ?? packBytesDefault }, found, options)
    return found.plan
  })
}

const lockOptions = (exclusive: boolean, { timing }: PruneSettings) => ({ exclusive, ...(timing && { timing }) })

interface Survey {
  readonly listed: ListedIndex
  readonly usage: PackUsage
  readonly fates: PackFates
  readonly plan: PrunePlan
}

// Snapshots first, packs last: whatever a program that knows no locks adds meanwhile is then not taken for missing.
async function survey(
  repository: Repository,
  options: PruneOptions,
  run: VaultRun,
  { packBytes = packBytesDefault }: PruneSettings,
): Promise<Survey> {
  const forget = new Set(options.forget?.ids)
  const all = await listSnapshots(repository)
  const snapshots = all.filter(({ id }) => !forget.has(id))
  const listed = await loadListedIndex(repository, run)
  if (all.length === 0 && listed.index.count > 0) throw withoutPoints(repository)
  const files: readonly StoredFile[] = await repository.storage.list('data')
  const reader = new IndexReader(repository, listed.index)
  const needed = await findUsedBlobs(listed.index, reader, snapshots, run)
  const usage = new PackUsage(listed.index, needed, files)
  const fates = decideFates(usage, files, options, packBytes)
  const counts = { points: snapshots.length, forgets: all.length - snapshots.length }
  return { listed, usage, fates, plan: describeFates(usage, fates, counts) }
}

// A disk on which one folder is not there (a copy that was never finished) looks like this, too.
const withoutPoints = ({ location }: Repository) =>
  new VaultError('vault-damaged', `the vault at ${location} has packs, but not one point; nothing is removed`, {
    hint: 'if points should be there, see what happened to its folder snapshots; a next backup uses what the packs hold',
  })

interface Pruning {
  readonly repository: Repository
  readonly run: VaultRun
  readonly lock: LockScope
  readonly packBytes: number
}

async function carryOut(pruning: Pruning, { listed, usage, fates }: Survey, options: PruneOptions): Promise<void> {
  const { removes, repacks, orphans } = fates
  const gone = new Set([...removes, ...repacks])
  await assertLastCopiesReadable(pruning, usage, gone)
  await removeFiles(pruning, 'snapshots', options.forget?.ids ?? [])
  const orphanNames = orphans.map(({ name }) => name)
  await removeFiles(pruning, 'data', orphanNames)
  if (repacks.length > 0) await repack({ ...pruning, usage }, repacks)
  await rewriteIndex({ ...pruning, listed, usage }, gone)
  const there = [...gone].filter(pack => usage.fileSize(pack) !== undefined)
  await removeFiles(
    pruning,
    'data',
    there.map(pack => usage.index.packIds[pack]!),
  )
}

/**
 * Of a blob that lies in several packs, one copy stays. Where that is not read anyway, as its pack is not repacked, it is
 * read now: if it is the damaged one, the good one must not go.
 */
async function assertLastCopiesReadable(
  { repository, run }: Pruning,
  usage: PackUsage,
  gone: ReadonlySet<number>,
): Promise<void> {
  const { index, kept } = usage
  const reader = new IndexReader(repository, index)
  for (let entry = 0; entry < index.count; entry++) {
    if (!kept.has(entry) || gone.has(index.packOf(entry)) || !usage.hasTwin(entry)) continue
    throwIfInterrupted(run)
    try {
      await reader.readEntry(entry)
    } catch (error) {
      throw isDamage(error) ? damagedIn(index.location(entry), error) : error
    }
  }
}
