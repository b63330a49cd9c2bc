import type { CodeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, gitRecords, startGit } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { ProgramFailure } from '../../drivers/process/index.ts'
import type { Capture } from './capture.ts'
import { inPoint } from './layout.ts'
import { existing, notedObjects, stagedObjects, treeOf } from './pinned.ts'
import type { Repository } from './repository.ts'
import { makeShadow, setReferences, shadowDigest, wholeObjects } from './shadow.ts'
import type { Snapshot } from './snapshot.ts'

/** What a point says of its bundle. */
export type EarlierBundle = NonNullable<Extract<CodeFacts, { kind: 'git' }>['bundle']>

/**
 * Saves one bundle of every ref, every stash, what is staged and what work in progress needs. `folder` is ours and empty.
 * Resolves to undefined when there is nothing to bundle.
 */
export async function saveBundle(
  capture: Capture,
  folder: string,
): Promise<{ readonly saved: SavedPart; readonly facts: EarlierBundle } | undefined> {
  const { repository, snapshot, run } = capture
  await assertComplete(repository, run)
  const { head, refs } = snapshot.references
  const shadow = await makeShadow(repository, folder)
  const kept = await keptObjects(repository, snapshot, shadow, run)
  await setReferences(shadow, head, refs, kept)
  if (refs.length + kept.length === 0 && head.id === null) return undefined
  const of = await shadowDigest(shadow)
  const saved = (await saveEarlier(capture, of)) ?? (await makeBundle(capture, shadow))
  return { saved, facts: { of, bytes: saved.bytes, sha256: saved.sha256 } }
}

/**
 * An id names a commit with all that it leads to, so a bundle of the same refs holds the same, whenever it was made: the one of
 * the earlier point stands in this one too. That does not look at the repository's objects but the first of each ref: whether those
 * behind are still sound there is for `git fsck`, and for the bundle that is made after the next commit.
 */
async function saveEarlier(capture: Capture, of: string): Promise<SavedPart | undefined> {
  const { repository, snapshot, writer, run, earlier } = capture
  if (earlier?.of !== of) return undefined
  const { head, refs } = snapshot.references
  const ids = new Set([...(head.id === null ? [] : [head.id]), ...refs.map(({ id }) => id)])
  // One is gone: what git says of that must be heard.
  if ((await existing(repository, [...ids], run)).size < ids.size) return undefined
  return writer.saveEarlier(inPoint.bundle, earlier)
}

async function makeBundle({ snapshot, writer, run }: Capture, shadow: GitPlace): Promise<SavedPart> {
  // One thread, so that the same repository gives the same bytes and the vault keeps them once.
  const making = ['-c', 'pack.threads=1', 'bundle', 'create', '--quiet', '-', '--all']
  const args = snapshot.references.head.id === null ? making : [...making, 'HEAD']
  const { stdin, stdout, finished } = startGit(shadow, args, run)
  stdin.end()
  const made = { bytes: stdout, finished: finished.catch(notBundled), consume: true }
  return writer.save({ kind: 'stream', path: inPoint.bundle, ...made })
}

function notBundled(error: unknown): never {
  if (!(error instanceof ProgramFailure)) throw error
  throw new RecoveryError('capture-failed', `the repository cannot be bundled: ${error.message}`, {
    hint: 'see what is wrong with it: git fsck',
    cause: error,
  })
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
