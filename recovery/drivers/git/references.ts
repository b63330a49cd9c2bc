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
  const branch = await askGit(place, ['symbolic-ref', '-q', 'HEAD'], run)
  const id = await askGit(place, ['rev-parse', '--quiet', '--verify', 'HEAD'], run)
  const listed = await git(place, ['for-each-ref', '--format=%(objectname) %(refname) %(symref)'], run)
  return {
    head: { branch: branch?.trimEnd() ?? null, id: id?.trimEnd() ?? null },
    refs: listed.text.split('\n').filter(Boolean).map(parseReference),
    complaints: listed.stderr.trim(),
  }
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
