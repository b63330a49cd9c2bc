import fs from 'node:fs/promises'
import type { CodeFacts } from '../../../contract/manifest.ts'
import type { Run } from '../../domain/run.ts'
import { git, type GitPlace, type StatusLine } from '../../drivers/git/index.ts'
import type { Project } from '../../project/project.ts'
import { onDisk } from '../byte-path.ts'
import { isElsewhere, takenElsewhere, type Elsewhere } from '../elsewhere.ts'
import { filesSince } from '../files-since.ts'
import { isOurs } from './ours.ts'
import { readStatus } from './work-tree.ts'

/** What a project's code has that a point of a certain time lacks. Counts are what a person would call so, not to the last file. */
export interface CodeChanges {
  /** In no branch, tag or HEAD of the point; without those that only remotes have. */
  readonly commits: number
  /** Of these, what no remote is known to have either. */
  readonly unpushed: number
  /** Changed, new or deleted since, and in no commit; without git: changed since. null: there are too many to look through. */
  readonly files: number | null
  /** In no commit, whether the point has them or not; without git 0. */
  readonly uncommitted: number
  /** A stash that the point lacks. */
  readonly stash: boolean
}

type GitFacts = Extract<CodeFacts, { kind: 'git' }>

/** `facts` and `since` are of the point; undefined where there is none: then everything is new. Only reads. */
export async function codeChanges(
  project: Project,
  facts: CodeFacts | undefined,
  since: Date | undefined,
  run: Run,
): Promise<CodeChanges> {
  const elsewhere = takenElsewhere(project)
  if (project.git?.top === project.root)
    return gitChanges(project.root, elsewhere, facts?.kind === 'git' ? facts : undefined, since, run)
  const isWanted = (path: string) => !isOurs(path) && !isElsewhere(elsewhere, path)
  const found = await filesSince(project.root, since ?? new Date(0), run, isWanted)
  return { commits: 0, unpushed: 0, files: found?.changed ?? null, uncommitted: 0, stash: false }
}

async function gitChanges(
  root: string,
  elsewhere: Elsewhere,
  facts: GitFacts | undefined,
  since: Date | undefined,
  run: Run,
): Promise<CodeChanges> {
  const place: GitPlace = { workTree: root, gitFolder: `${root}/.git` }
  const held = [...new Set([...(facts?.head ? [facts.head] : []), ...(facts?.refs ?? []).map(({ id }) => id)])]
  const [[commits, unpushed], status, stash] = await Promise.all([
    countBoth(place, held, run),
    readStatus(place, run),
    git(place, ['for-each-ref', '--format=%(objectname)', 'refs/stash'], run),
  ])
  const lines = status.filter(({ path }) => !isElsewhere(elsewhere, path.replace(/\/$/, '')))
  const stashId = stash.text.trim()
  return {
    ...{ commits, unpushed, uncommitted: lines.length },
    files: await countNew(root, lines, facts, since),
    stash: stashId !== '' && !held.includes(stashId),
  }
}

/** All, and those of them that no remote has; nobody needs to be asked for the second of none. */
async function countBoth(place: GitPlace, held: readonly string[], run: Run): Promise<[number, number]> {
  const commits = await countCommits(place, held, [], run)
  return [commits, commits === 0 ? 0 : await countCommits(place, held, ['--remotes'], run)]
}

/** Commits of this repository's own refs that neither the point's refs nor `others` lead to. */
async function countCommits(
  place: GitPlace,
  held: readonly string[],
  others: readonly string[],
  run: Run,
): Promise<number> {
  const own = ['--exclude=refs/remotes/*', '--exclude=refs/stash', '--all']
  // Of the ids of a point, some may be gone from the repository. The second --not takes the first one back.
  const words = ['rev-list', '--count', '--ignore-missing', ...own, '--not', ...others, '--not', '--stdin']
  return Number((await git(place, words, run, held.map(id => `^${id}\n`).join(''))).text.trim())
}

/** Files in no commit that changed after the point; what it held uncommitted and is as it was is safe. */
async function countNew(
  root: string,
  lines: readonly StatusLine[],
  facts: GitFacts | undefined,
  since: Date | undefined,
): Promise<number> {
  if (!since) return lines.length
  const times = await Promise.all(
    lines.map(({ path }) =>
      fs.lstat(onDisk(root, path.replace(/\/$/, ''))).then(
        ({ ctimeMs }) => ctimeMs,
        () => null,
      ),
    ),
  )
  const deleted = times.filter(time => time === null).length - (facts?.deleted ?? 0)
  return times.filter(time => time !== null && time > since.getTime()).length + Math.max(0, deleted)
}
