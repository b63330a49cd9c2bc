import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { askGit, git, gitRecords, joinRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { foldersAbove, isIn, onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isRepository, unitsOf } from './code-units.ts'
import { isThere } from './folder-exchange.ts'
import { readIndex } from './index-copy.ts'
import { isOurs } from './ours.ts'
import { openRepository } from './repository.ts'
import type { Repository } from './repository.ts'
import { emptyFolders } from './work-tree.ts'

/** The repository of a living folder: none, one that git cannot use, or a whole one. */
export type LivingRepository =
  { readonly kind: 'none' | 'broken' } | { readonly kind: 'whole'; readonly repository: Repository }

/** Looks at `.git` of the folder. Whole means that everything a ref or the index needs is there. */
export async function livingRepository(root: string, run: Run): Promise<LivingRepository> {
  if (!(await isThere(path.join(root, '.git')))) return { kind: 'none' }
  try {
    const repository = await openRepository(root, run)
    await git(repository, ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], run)
    return { kind: 'whole', repository }
  } catch (error) {
    run.signal.throwIfAborted()
    if (error instanceof RecoveryError) return { kind: 'broken' }
    throw error
  }
}

/** What of the folder is there today but for what git ignores, as units. */
export async function livingUnits(root: string, living: LivingRepository, run: Run): Promise<Set<BytePath>> {
  const all = living.kind === 'whole' ? await listed(root, living.repository, run) : await everything(root)
  return new Set([...all].filter(unit => !isOurs(unit)))
}

const everything = async (root: string): Promise<ReadonlySet<BytePath>> =>
  (await isThere(root)) ? (await unitsOf(root, isOurs)).units : new Set()

async function listed(root: string, place: Repository, run: Run): Promise<Set<BytePath>> {
  const units = new Set<BytePath>(['.git'])
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  for await (const record of gitRecords(place, args, run)) {
    const unit = record.replace(/\/$/, '')
    const stats = await fs.lstat(onDisk(root, unit)).catch(() => undefined)
    if (stats && (!stats.isDirectory() || (await isRepository(root, unit)))) units.add(unit)
  }
  return units
}

/** Folders of today that hold nothing at all; without those that git ignores. */
export async function livingEmptyFolders(root: string, living: LivingRepository, run: Run): Promise<BytePath[]> {
  if (living.kind === 'whole') return (await emptyFolders(living.repository, run)).filter(folder => !isOurs(folder))
  if (!(await isThere(root))) return []
  const { units, folders } = await unitsOf(root, isOurs)
  const inner = new Set([...units, ...folders].map(name => foldersAbove(name).at(-1)))
  return folders.filter(folder => !inner.has(folder))
}

/**
 * Those of the paths that git is told to ignore in this work tree, by the folder that they are in or by themselves. What
 * would lie behind a link, a file or in a repository of its own there is none of its business.
 */
export async function ignoredAmong(
  place: GitPlace & { readonly workTree: string },
  paths: readonly BytePath[],
  run: Run,
): Promise<Set<BytePath>> {
  const asked: BytePath[] = []
  for (const name of paths) if (!isIn('.git', name) && (await isReachable(place.workTree, name))) asked.push(name)
  if (asked.length === 0) return new Set()
  const ignored = await askGit(place, ['check-ignore', '-z', '--stdin'], run, joinRecords(asked))
  return new Set(ignored?.split('\0').filter(Boolean))
}

/** What git tracks today, and the repository itself; submodules are not touched. */
export async function trackedUnits(root: string, place: Repository, run: Run): Promise<Set<BytePath>> {
  const units = new Set<BytePath>(['.git'])
  for await (const { path: name, mode } of readIndex(place, run))
    if (mode !== '160000' && (await isThere(onDisk(root, name)))) units.add(name)
  return units
}

async function isReachable(root: string, name: BytePath): Promise<boolean> {
  for (const folder of foldersAbove(name)) {
    const stats = await fs.lstat(onDisk(root, folder)).catch(() => undefined)
    if (!stats) return true
    if (!stats.isDirectory() || (await isRepository(root, folder))) return false
  }
  return true
}
