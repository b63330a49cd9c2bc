import fs from 'node:fs/promises'
import type { Run } from '../../domain/run.ts'
import { git, joinRecords } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import type { BytePath } from '../byte-path.ts'
import { plainSettings, withoutFilters } from './converted.ts'
import type { Snapshot } from './snapshot.ts'

// The commit is nobody's work but ours, and git wants a name for it.
const identity = ['user.name=AIDataVault', 'user.email=aidatavault@localhost', 'commit.gpgSign=false']

/**
 * Writes into `target` one commit of all work that a snapshot of another repository shows: HEAD's with what is staged,
 * changed and untracked, but for what `isLeft` names, such as secrets. The target has the other's objects. Resolves to HEAD's
 * own id where nothing differs from it, to null where there is nothing at all. `indexFile` is ours.
 */
export async function commitOfWork(
  target: GitPlace,
  { place, references, status, hasIndex }: Snapshot,
  options: { readonly message: string; readonly indexFile: string; readonly isLeft: (path: BytePath) => boolean },
  run: Run,
): Promise<string | null> {
  const head = references.head.id
  const paths = status
    .filter(
      ({ kind, path, submodule }) =>
        submodule === 'N...' && !path.endsWith('/') && !(kind === 'untracked' && options.isLeft(path)),
    )
    .map(({ path }) => path)
  if (paths.length === 0) return head
  if (hasIndex) await fs.copyFile(place.indexFile!, options.indexFile)
  const settings = [...plainSettings, ...(await withoutFilters(target, run)), ...identity]
  const work = { ...target, workTree: place.workTree, indexFile: options.indexFile, settings }
  await git(work, ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'], run, joinRecords(paths))
  const tree = (await git(work, ['write-tree'], run)).text.trim()
  const parent = head === null ? [] : ['-p', head]
  return (await git(work, ['commit-tree', tree, ...parent], run, options.message)).text.trim()
}
