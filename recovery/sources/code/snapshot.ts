import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import { readReferences } from '../../drivers/git/index.ts'
import type { GitPlace, References, StatusLine } from '../../drivers/git/index.ts'
import { copyIndex, indexDigest } from './index-copy.ts'
import type { Repository } from './repository.ts'
import { readStashes } from './stash.ts'
import type { Stashes } from './stash.ts'
import { readHidden, readStatus } from './work-tree.ts'
import type { HiddenFile } from './work-tree.ts'

/** A repository at one moment. */
export interface Snapshot {
  /** The repository, with a copy of the index of that moment. */
  readonly place: GitPlace & { readonly workTree: string }
  readonly references: References
  readonly stashes: Stashes
  readonly hasIndex: boolean
  /** SHA-256 over what is staged. */
  readonly index: string
  readonly status: readonly StatusLine[]
  readonly hidden: readonly HiddenFile[]
}

const attempts = 3

/**
 * Looks at a repository until nothing has moved meanwhile; gives up with a warning when something always does. `folder` is
 * ours, for the copy of the index.
 */
export async function takeSnapshot(repository: Repository, folder: string, run: Run): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    const before = await momentOf(repository, run)
    const snapshot = await look(repository, folder, run)
    if ((await momentOf(repository, run)) === before) return snapshot
    if (attempt < attempts) continue
    run.report({
      kind: 'warning',
      text: 'code: git is at work in the repository; HEAD, refs and index may be of different moments',
    })
    return snapshot
  }
}

async function momentOf(repository: Repository, run: Run): Promise<string> {
  const { head, refs } = await readReferences(repository, run)
  const index = await fs.stat(path.join(repository.ownFolder, 'index'), { bigint: true }).catch(() => undefined)
  return JSON.stringify([head, refs, index && [index.ino, index.size, index.mtimeNs].map(String)])
}

async function look(repository: Repository, folder: string, run: Run): Promise<Snapshot> {
  const references = await readReferences(repository, run)
  const hasStash = references.refs.some(({ name }) => name === 'refs/stash')
  const indexFile = path.join(folder, 'index')
  const hasIndex = await copyIndex(repository, indexFile, run)
  const place = { ...repository, indexFile }
  return {
    place,
    references,
    stashes: await readStashes(repository, hasStash, run),
    hasIndex,
    index: await indexDigest(place, run),
    status: await readStatus(place, run),
    hidden: await readHidden(place, run),
  }
}
