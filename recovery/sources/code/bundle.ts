import type { CodeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { SavedPart } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, gitRecords, startGit } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { outputOf, ProgramFailure } from '../../drivers/process/index.ts'
import type { Capture } from './capture.ts'
import { inPoint } from './layout.ts'
import { existing, notedIds, presentStaged, stagedIds, treeOf } from './pinned.ts'
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
  const { repository, snapshot } = capture
  const { head, refs } = snapshot.references
  const shadow = await makeShadow(repository, folder)
  const { kept, present } = await keptObjects(capture, shadow)
  await setReferences(shadow, head, refs, kept)
  if (refs.length + kept.length === 0 && head.id === null) return undefined
  const of = await shadowDigest(shadow)
  // Where a ref leads to nothing, what git says of that must be heard.
  const isThere = tipsOf(snapshot).every(id => present.has(id))
  const saved = (isThere && (await saveEarlier(capture, of))) || (await makeBundle(capture, shadow))
  return { saved, facts: { of, bytes: saved.bytes, sha256: saved.sha256 } }
}

/**
 * An id names a commit with all that it leads to, so a bundle of the same refs holds the same, whenever it was made: the one of
 * the earlier point stands in this one too. That does not look at the repository's objects but the first of each ref: whether those
 * behind are still sound there is for `git fsck`, and for the bundle that is made after the next commit.
 */
async function saveEarlier({ writer, earlier }: Capture, of: string): Promise<SavedPart | undefined> {
  return earlier?.of === of ? writer.saveEarlier(inPoint.bundle, earlier) : undefined
}

async function makeBundle({ snapshot, writer, run }: Capture, shadow: GitPlace): Promise<SavedPart> {
  // One thread, so that the same repository gives the same bytes and the vault keeps them once. Not compressed, as the vault does
  // that, better, and knows again what stood in the bundle before; what the repository has in packs is taken as it is there.
  const making = ['-c', 'pack.threads=1', '-c', 'pack.compression=0', 'bundle', 'create', '--quiet', '-', '--all']
  const args = snapshot.references.head.id === null ? making : [...making, 'HEAD']
  const program = startGit(shadow, args, run)
  const bytes = outputOf(Promise.resolve(program))
  const finished = program.finished.catch(notBundled)
  return writer.save({ kind: 'stream', path: inPoint.bundle, bytes, finished, check: assertBundle })
}

// What every version of the format begins with.
const bundleMagic = Buffer.from('# v')

/** Throws capture-failed where it is none although git ended well. */
function assertBundle(head: Uint8Array): void {
  if (!bundleMagic.equals(head.subarray(0, bundleMagic.length)))
    throw new RecoveryError('capture-failed', 'git ended well, but gave no bundle of the repository', {
      hint: 'take the point again',
    })
}

function notBundled(error: unknown): never {
  if (!(error instanceof ProgramFailure)) throw error
  throw new RecoveryError('capture-failed', `the repository cannot be bundled: ${error.message}`, {
    hint: 'see what is wrong with it: git fsck',
    cause: error,
  })
}

/** Ids that no ref leads to and that must be in, and which of all the ids that matter the repository has. */
async function keptObjects({ repository, snapshot, run }: Capture, shadow: GitPlace) {
  const { references, stashes } = snapshot
  const [staged, noted] = await Promise.all([
    stagedIds(snapshot, run),
    notedIds(repository),
    assertComplete(repository, run),
  ])
  const present = await existing(repository, [...tipsOf(snapshot), ...stashes.ids, ...staged, ...noted], run)
  assertStashes(stashes.ids, present)
  const stagedHere = presentStaged(staged, present)
  const tree = stagedHere.length > 0 ? [await treeOf(shadow, stagedHere, run)] : []
  await setReferences(shadow, references.head, references.refs, [])
  const notedHere = noted.filter(id => present.has(id))
  const whole = await wholeObjects(shadow, notedHere, run)
  if (whole.length < notedHere.length)
    run.report({
      kind: 'warning',
      text: 'code: a commit noted in ORIG_HEAD, FETCH_HEAD or the like is not whole in the repository any more and is left out',
    })
  return { kept: [...stashes.ids, ...tree, ...whole], present }
}

/** What HEAD and the refs name. */
const tipsOf = ({ references: { head, refs } }: Snapshot): string[] => [
  ...(head.id === null ? [] : [head.id]),
  ...refs.map(({ id }) => id),
]

function assertStashes(ids: readonly string[], present: ReadonlyMap<string, string>): void {
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
