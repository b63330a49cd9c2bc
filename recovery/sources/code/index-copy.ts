import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { git, gitRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import type { BytePath } from '../byte-path.ts'
import type { Repository } from './repository.ts'

/**
 * Copies the index to `file`, whole in itself: without a split index's second file, without what a file system monitor
 * or a cache of untracked files know of this machine. Resolves to false when there is none yet.
 */
export async function copyIndex(repository: Repository, file: string, run: Run): Promise<boolean> {
  const original = path.join(repository.ownFolder, 'index')
  const handle = await fs.open(original).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (!handle) return false
  try {
    // git replaces the file as a whole, so what is open is of one moment.
    const stats = await handle.stat()
    await fs.writeFile(file, await handle.readFile())
    // A file as old as the index or newer may have changed unseen; git looks into those when it writes the index.
    const seconds = Math.floor(stats.mtimeMs / 1000)
    await fs.utimes(file, seconds, seconds)
  } finally {
    await handle.close()
  }
  await git({ ...repository, indexFile: file }, ['update-index', '--force-write-index'], run)
  return true
}

/** One entry of the index. */
export interface IndexEntry {
  /** As `git ls-files -v` marks it: lower case assume-unchanged, S skip-worktree. */
  readonly tag: string
  /** Octal: 100644, 100755, 120000 a link, 160000 a repository in the repository. */
  readonly mode: string
  readonly id: string
  /** 0, or 1 to 3 in a conflict. */
  readonly stage: string
  readonly path: BytePath
}

export async function* readIndex(place: GitPlace, run: Run): AsyncGenerator<IndexEntry, void, undefined> {
  for await (const record of gitRecords(place, ['ls-files', '--stage', '-v', '-z'], run)) {
    const tab = record.indexOf('\t')
    const [tag, mode, id, stage] = record.slice(0, tab).split(' ')
    yield { tag: tag!, mode: mode!, id: id!, stage: stage!, path: record.slice(tab + 1) }
  }
}

export type TrackedFile = Pick<IndexEntry, 'mode' | 'path'>
/** A tracked file whose changes git was told not to look for. */
export type HiddenFile = Pick<IndexEntry, 'tag' | 'path'>

/** The whole index, read once. */
export interface IndexList {
  /** SHA-256 over every entry: two indexes with the same are staged the same. */
  readonly digest: string
  /** A file in a conflict once for each of its sides. */
  readonly files: readonly TrackedFile[]
  /** Marked assume-unchanged or skip-worktree: `git status` is silent about them, whatever they hold. */
  readonly hidden: readonly HiddenFile[]
  /** Ids of all contents; none of a repository in the repository. */
  readonly contents: ReadonlySet<string>
}

export async function listIndex(place: GitPlace, run: Run): Promise<IndexList> {
  const hash = createHash('sha256')
  const files: TrackedFile[] = []
  const hidden: HiddenFile[] = []
  const contents = new Set<string>()
  for await (const { tag, mode, id, stage, path } of readIndex(place, run)) {
    hash.update(`${mode} ${id} ${stage}\t${path}\0`, 'latin1')
    files.push({ mode, path })
    if (tag !== tag.toUpperCase() || tag === 'S') hidden.push({ tag, path })
    if (mode !== '160000') contents.add(id)
  }
  return { digest: hash.digest('hex'), files, hidden, contents }
}
