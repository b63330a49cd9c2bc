import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { git, readReferences, startGit } from '../../drivers/git/index.ts'
import type { GitPlace, Reference } from '../../drivers/git/index.ts'
import type { BytePath } from '../byte-path.ts'
import { commitOfWork } from './before-branch.ts'
import { carryConfiguration } from './carry-configuration.ts'
import { existing, presentStaged, stagedIds } from './pinned.ts'
import type { Repository } from './repository.ts'
import type { Snapshot } from './snapshot.ts'
import { stashLogPath } from './stash.ts'

/** How what a repository loses its place to is called in the one that takes it. */
export interface CarriedNames {
  /** Local time to the second: 20260301-143000. */
  readonly stamp: string
  readonly message: string
  /** Files whose content goes into no commit. */
  readonly isLeft: (path: BytePath) => boolean
  /** Ours, absent. */
  readonly indexFile: string
}

export const beforeBranch = (stamp: string): string => `aidatavault/before-restore-${stamp}`

/**
 * Brings into the repository `target` all that another one, as its snapshot has it, can reach: refs that the target lacks
 * under their names, those that differ and the stashes under names of ours, uncommitted work as a commit on a branch.
 */
export async function carryOver(
  target: GitPlace,
  from: Repository,
  snapshot: Snapshot,
  names: CarriedNames,
  run: Run,
): Promise<void> {
  const own = await readReferences(target, run)
  await carryObjects(target, from, snapshot, own.refs, run)
  const work = await commitOfWork(target, snapshot, names, run)
  const carried = carriedRefs(snapshot, own.refs, await stashesOf(target), names.stamp)
  const branch = work === null ? [] : [{ name: `refs/heads/${beforeBranch(names.stamp)}`, id: work }]
  const lines = [...carried, ...branch].map(({ name, id }) => `create ${name} ${id}\n`)
  await git(target, ['update-ref', '--stdin'], run, Buffer.from(lines.join(''), 'latin1'))
  await carryConfiguration(target, from, snapshot.references.refs, own.refs, run)
}

/** As the refs are called in the end. Exported for tests. */
export function carriedRefs(
  { references, stashes }: Pick<Snapshot, 'references' | 'stashes'>,
  own: readonly Reference[],
  ownStashes: ReadonlySet<string>,
  stamp: string,
): Reference[] {
  const ids = new Map(own.map(({ name, id }) => [name, id]))
  const isTaken = (name: string) =>
    own.some(ref => ref.name === name || ref.name.startsWith(`${name}/`) || name.startsWith(`${ref.name}/`))
  const wanted = references.refs.filter(
    ({ name, id, symbolic }) => name !== 'refs/stash' && !symbolic && ids.get(name) !== id,
  )
  const refs = wanted.map(({ name, id }) => ({ id, name: isTaken(name) ? savedName(name, stamp) : name }))
  const kept = stashes.ids.toReversed().map((id, at) => ({ id, name: `refs/aidatavault/${stamp}/stash/${at}` }))
  return [...refs, ...kept.filter(({ id }) => !ownStashes.has(id))]
}

const stashesOf = async ({ gitFolder }: GitPlace): Promise<ReadonlySet<string>> => {
  const log = await fs.readFile(path.join(gitFolder, stashLogPath), 'latin1').catch(() => '')
  return new Set(log.split('\n').flatMap(line => line.split(' ', 2)[1] ?? []))
}

/** Branches stay branches; the rest stays out of the list of branches. */
const savedName = (name: string, stamp: string) =>
  name.startsWith('refs/heads/')
    ? `refs/heads/aidatavault/${stamp}/${name.slice('refs/heads/'.length)}`
    : `refs/aidatavault/${stamp}/${name.slice('refs/'.length)}`

/** One pack of what the target lacks; `git index-pack` checks every object of it. */
async function carryObjects(
  target: GitPlace,
  from: Repository,
  snapshot: Snapshot,
  own: readonly Reference[],
  run: Run,
): Promise<void> {
  const { place, references, stashes } = snapshot
  const wantedStaged = await stagedIds(snapshot, run)
  const staged = presentStaged(wantedStaged, await existing(place, wantedStaged, run))
  const head = references.head.id === null ? [] : [references.head.id]
  const wanted = new Set([...references.refs.map(({ id }) => id), ...stashes.ids, ...head, ...staged])
  if (wanted.size === 0) return
  const known = await existing(from, [...new Set(own.map(({ id }) => id))], run)
  try {
    await pack(target, from, [...wanted, '--not', ...known.keys()], run)
  } catch (error) {
    run.signal.throwIfAborted()
    if (known.size === 0 || !(error instanceof RecoveryError) || error.code !== 'tool-failed') throw error
    // What is known and led to by no ref need not be whole.
    await pack(target, from, [...wanted], run)
  }
}

async function pack(target: GitPlace, from: Repository, revisions: readonly string[], run: Run): Promise<void> {
  const lines = revisions.map(line => `${line}\n`).join('')
  const packing = startGit(from, ['pack-objects', '--revs', '--stdout', '-q'], run)
  packing.stdin.end(lines)
  await Promise.all([git(target, ['index-pack', '--stdin'], run, packing.stdout), packing.finished]).finally(() =>
    packing.stop(),
  )
}
