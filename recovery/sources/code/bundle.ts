import { RecoveryError } from '../../domain/errors.ts'
import type { PointWriter, SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, gitRecords, startGit } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { inPoint } from './layout.ts'
import { existing, notedObjects, stagedObjects, treeOf } from './pinned.ts'
import type { Repository } from './repository.ts'
import { makeShadow, setReferences, wholeObjects } from './shadow.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * Saves one bundle of every ref, every stash, what is staged and what work in progress needs. `folder` is ours and empty.
 * Resolves to undefined when there is nothing to bundle.
 */
export async function saveBundle(
  repository: Repository,
  snapshot: Snapshot,
  folder: string,
  writer: PointWriter,
  run: Run,
): Promise<SavedPart | undefined> {
  await assertComplete(repository, run)
  const { head, refs } = snapshot.references
  const shadow = await makeShadow(repository, folder)
  const kept = await keptObjects(repository, snapshot, shadow, run)
  await setReferences(shadow, head, refs, kept)
  if (refs.length + kept.length === 0 && head.id === null) return undefined
  // One thread, so that the same repository gives the same bytes and the vault keeps them once.
  const args = [
    '-c',
    'pack.threads=1',
    'bundle',
    'create',
    '--quiet',
    '-',
    '--all',
    ...(head.id === null ? [] : ['HEAD']),
  ]
  const { stdin, stdout, finished } = startGit(shadow, args, run)
  stdin.end()
  return writer.save({ kind: 'stream', path: inPoint.bundle, bytes: stdout, finished })
}

async function keptObjects(repository: Repository, snapshot: Snapshot, shadow: GitPlace, run: Run): Promise<string[]> {
  const { references, stashes, place } = snapshot
  await assertStashes(repository, stashes.ids, run)
  const staged = await stagedObjects(place, references.head.id, run)
  const tree = staged.length > 0 ? [await treeOf(shadow, staged, run)] : []
  await setReferences(shadow, references.head, references.refs, [])
  const noted = await notedObjects(repository, run)
  const whole = await wholeObjects(shadow, noted, run)
  if (whole.length < noted.length)
    run.report({
      kind: 'warning',
      text: 'code: a commit noted in ORIG_HEAD, FETCH_HEAD or the like is not whole in the repository any more and is left out',
    })
  return [...stashes.ids, ...tree, ...whole]
}

async function assertStashes(repository: Repository, ids: readonly string[], run: Run): Promise<void> {
  const present = await existing(repository, ids, run)
  const missing = ids.find(id => !present.has(id))
  if (missing)
    throw new RecoveryError('capture-failed', `the repository lacks one of its stashes: commit ${missing}`, {
      hint: 'see which with: git stash list; and drop it',
    })
}

/** A partial clone leaves objects with its remote until they are wanted; a point must not depend on that. */
async function assertComplete(repository: Repository, run: Run): Promise<void> {
  if ((await askGit(repository, ['config', '--get-regexp', '^remote\\..*\\.promisor$'], run)) === undefined) return
  const args = ['rev-list', '--objects', '--all', '--missing=print']
  for await (const line of gitRecords(repository, args, run, '', '\n'))
    if (line.startsWith('?'))
      throw new RecoveryError(
        'capture-failed',
        `the repository is a partial clone and object ${line.slice(1)} is only at its remote, so that it cannot be in the point`,
        { hint: 'get all of it first: git fetch --refetch --no-filter' },
      )
}
