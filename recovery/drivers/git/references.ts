import type { Run } from '../../domain/run.ts'
import { askGit, git } from './git.ts'
import type { GitPlace } from './git.ts'

/** A ref as git lists it. `symbolic` names the ref that it stands for, such as refs/remotes/origin/HEAD does. */
export interface Reference {
  readonly name: string
  readonly id: string
  readonly symbolic?: string
}

/** Where HEAD stands: on a branch (perhaps without a commit yet), or on a commit. */
export interface Head {
  /** Full name, refs/heads/…; null when detached. */
  readonly branch: string | null
  /** null on an unborn branch. */
  readonly id: string | null
}

export interface References {
  readonly head: Head
  /** Sorted by name. */
  readonly refs: readonly Reference[]
  /** What git said of refs that it could not read. */
  readonly complaints: string
}

/** HEAD and every ref of the repository, whatever it is called. */
export async function readReferences(place: GitPlace, run: Run): Promise<References> {
  const [symbolic, listed] = await Promise.all([
    askGit(place, ['symbolic-ref', '-q', 'HEAD'], run),
    git(place, ['for-each-ref', '--format=%(objectname) %(refname) %(symref)'], run),
  ])
  const branch = symbolic?.trimEnd() ?? null
  const refs = listed.text.split('\n').filter(Boolean).map(parseReference)
  const id = refs.find(({ name }) => name === branch)?.id ?? (await headId(place, run))
  return { head: { branch, id }, refs, complaints: listed.stderr.trim() }
}

/** Of a HEAD that is on none of the branches that are listed: detached, or without a commit yet. */
async function headId(place: GitPlace, run: Run): Promise<string | null> {
  const id = await askGit(place, ['rev-parse', '--quiet', '--verify', 'HEAD'], run)
  return id?.trimEnd() ?? null
}

/** A ref's name holds neither space nor newline. */
function parseReference(line: string): Reference {
  const [id, name, symbolic] = line.split(' ')
  return { id: id!, name: name!, ...(symbolic ? { symbolic } : {}) }
}

/** The text of a `packed-refs` file. */
export const encodePackedRefs = (refs: readonly Reference[]): string =>
  refs
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ id, name }) => `${id} ${name}\n`)
    .join('')
