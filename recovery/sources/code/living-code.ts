import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { RecoveryError } from '../../domain/errors.ts'
import { askGit, git, gitRecords, joinRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { isIn, onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { isRepository, unitsOf } from './code-units.ts'
import { isThere } from './folder-exchange.ts'
import { readIndex } from './index-copy.ts'
import { isOurs } from './ours.ts'
import { openRepository } from './repository.ts'
import type { Repository } from './repository.ts'

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

/** Those of the paths that git is told to ignore in this work tree, by the folder that they are in or by themselves. */
export async function ignoredAmong(place: GitPlace, paths: readonly BytePath[], run: Run): Promise<Set<BytePath>> {
  const asked = paths.filter(name => !isIn('.git', name))
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
