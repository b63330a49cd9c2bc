import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { readReferences } from '../../drivers/git/index.ts'
import type { GitPlace, References, StatusLine } from '../../drivers/git/index.ts'
import { copyIndex, listIndex } from './index-copy.ts'
import type { IndexList } from './index-copy.ts'
import type { Repository } from './repository.ts'
import { readStashes } from './stash.ts'
import type { Stashes } from './stash.ts'
import { readStatus } from './work-tree.ts'

/** A repository at one moment. */
export interface Snapshot {
  /** The repository, with a copy of the index of that moment. */
  readonly place: GitPlace & { readonly workTree: string }
  readonly references: References
  readonly stashes: Stashes
  readonly hasIndex: boolean
  readonly index: IndexList
  readonly status: readonly StatusLine[]
}

const attempts = 3

/**
 * Looks at a repository until nothing has moved meanwhile; gives up with a warning when something always does. `folder` is
 * ours, for the copy of the index.
 */
export async function takeSnapshot(repository: Repository, folder: string, run: Run): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    const before = await momentOf(repository, run)
    const snapshot = await look(repository, before.references, folder, run)
    if (isSame(before, await momentOf(repository, run))) return snapshot
    if (attempt < attempts) continue
    run.report({
      kind: 'warning',
      text: 'code: git is at work in the repository; HEAD, refs and index may be of different moments',
    })
    return snapshot
  }
}

/** What moves when git writes. Asked before and after everything else: what is the same at both ends was so all the while. */
interface Moment {
  readonly references: References
  /** Which file the index is, and when it was written. */
  readonly index: readonly string[] | undefined
}

async function momentOf(repository: Repository, run: Run): Promise<Moment> {
  const [references, index] = await Promise.all([
    readReferences(repository, run),
    fs.stat(path.join(repository.ownFolder, 'index'), { bigint: true }).catch(() => undefined),
  ])
  return { references, index: index && [index.ino, index.size, index.mtimeNs].map(String) }
}

const isSame = (a: Moment, b: Moment): boolean => momentText(a) === momentText(b)
const momentText = ({ references: { head, refs }, index }: Moment): string => JSON.stringify([head, refs, index])

async function look(repository: Repository, references: References, folder: string, run: Run): Promise<Snapshot> {
  const hasStash = references.refs.some(({ name }) => name === 'refs/stash')
  const indexFile = path.join(folder, 'index')
  const hasIndex = await copyIndex(repository, indexFile, run)
  const place = { ...repository, indexFile }
  const [stashes, index, status] = await Promise.all([
    readStashes(repository, hasStash, run),
    listIndex(place, run),
    readStatus(place, run),
  ])
  return { place, references, stashes, hasIndex, index, status }
}
