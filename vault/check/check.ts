import { VaultError } from '../errors.ts'
import { withLock } from '../locks.ts'
import type { LockTiming } from '../locks/timing.ts'
import type { Repository } from '../repository.ts'
import { storagePath } from '../storage/layout.ts'
import type { CheckOptions, CheckReport, VaultRun } from '../types.ts'
import { checkContents } from './check-contents.ts'
import { checkIndex } from './check-index.ts'
import { checkConfig, checkKeys } from './check-keys.ts'
import { checkPackFiles } from './check-packs.ts'
import { checkSnapshots } from './check-snapshots.ts'
import { CheckState } from './check-state.ts'
import { areTreesClean, checkTrees } from './check-trees.ts'
import { Findings } from './findings.ts'
import type { PacksAhead } from './packs-ahead.ts'
import { PackTable } from './pack-table.ts'

export interface CheckSettings extends CheckOptions {
  readonly timing?: LockTiming
  /** How many verify packs at most. Default: as many as cores, 2 to 4, and none where there is little to read. */
  readonly threads?: number
  /** Threads that are at work already. They have ended when the check has. */
  readonly ahead?: PacksAhead
}

/**
 * Finds out whether everything in the vault can be brought back, and if not, which files are damaged and which snapshots
 * they touch. Everything is read anew from storage; it goes on after each finding. Takes the exclusive lock.
 */
export async function checkRepository(
  repository: Repository,
  options: CheckSettings,
  run: VaultRun,
): Promise<CheckReport> {
  const { timing, ahead } = options
  try {
    return await withLock(repository, { exclusive: true, ...(timing && { timing }) }, run, run =>
      checkLocked(repository, options, run),
    )
  } finally {
    await ahead?.end()
  }
}

async function checkLocked(
  repository: Repository,
  { readData, partOf, threads, ahead }: CheckSettings,
  run: VaultRun,
): Promise<CheckReport> {
  const { storage } = repository
  const findings = new Findings(partOf)
  await checkConfig(repository, findings)
  await checkKeys(repository, findings)
  await checkLocks(repository, findings)
  // Snapshots are listed before the index is read, and packs after it: whatever a program that knows no locks adds
  // meanwhile is then not taken for missing.
  const ids = (await storage.list('snapshots')).map(({ name }) => name)
  const { index, damaged } = await checkIndex(repository, run, findings)
  const files = await storage.list('data')
  const snapshots = await checkSnapshots(repository, ids, run, findings)
  const state = new CheckState(repository, run, index, findings)
  const table = new PackTable(index)
  const present = checkPackFiles(state, table, files)
  const reading = readData ? checkContents(state, table, present, files, ahead ?? threads) : undefined
  // Beside the reading, which is the work of threads; in most vaults there is nothing to find.
  const early = reading && state.spoiled === 0 ? areTreesClean(state, snapshots) : undefined
  await Promise.allSettled([reading, early])
  const [bytesRead = 0, clean = false] = [await reading, await early]
  if (!clean || state.spoiled > 0) await checkTrees(state, snapshots)
  state.blameMissingOn(damaged)
  await mustStillBeThere(repository)
  return {
    problems: findings.problems(),
    points: findings.points(snapshots),
    snapshots: ids.length,
    packs: files.length,
    bytesRead,
  }
}

// An empty lock file is what an interrupted write leaves; others that cannot be read have kept us from getting here.
async function checkLocks({ storage }: Repository, findings: Findings): Promise<void> {
  for (const { name, size } of await storage.list('locks')) {
    const file = storagePath('locks', name)
    if (size === 0) findings.add('hint', 'lock-unreadable', file, `${file} is empty`)
  }
}

// A disk that was unplugged while it was checked looks like one that has lost everything.
async function mustStillBeThere({ storage }: Repository): Promise<void> {
  if ((await storage.list('keys')).length > 0 || (await storage.size('config', '')) !== undefined) return
  throw new VaultError('storage-failed', `the vault at ${storage.location} went away while it was checked`, {
    hint: 'see that its disk is there, and run it again',
  })
}
