import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, git, openBundle } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'
import { commitOfWork } from './before-branch.ts'
import { beforeBranch } from './carry-over.ts'
import { inPoint } from './layout.ts'
import { handOver } from './restore-git.ts'
import { withLiving } from './stage-code.ts'
import type { Stage } from './stage-code.ts'

/** The branch that an earlier commit is checked out on. */
export const commitBranch = (commit: string, stamp: string): string => `aidatavault/at-${commit.slice(0, 8)}-${stamp}`

// A merge or the like that is not finished belongs to the work that is put aside.
const unfinished = [
  ...['MERGE_HEAD', 'MERGE_MSG', 'MERGE_MODE', 'MERGE_RR', 'AUTO_MERGE', 'SQUASH_MSG', 'CHERRY_PICK_HEAD'],
  ...['REVERT_HEAD', 'REBASE_HEAD', 'rebase-merge', 'rebase-apply', 'sequencer'],
]

/**
 * Makes a copy of the living repository in `incoming` that stands on a new branch at `commit`, with the files of that commit.
 * No branch of the user's moves. `reader`: where the commit's objects come from if the repository lacks them.
 */
export async function stageCommit(
  commit: string,
  reader: PointReader | undefined,
  stage: Stage,
  run: Run,
): Promise<void> {
  const { incoming, stamp } = stage
  const place = { workTree: incoming, gitFolder: path.join(incoming, '.git') }
  await fs.mkdir(incoming, { mode: 0o700 })
  await withLiving(stage, run, async (repository, snapshot) => {
    await copyRepository(repository.ownFolder, place.gitFolder)
    const work = await commitOfWork(
      { gitFolder: place.gitFolder },
      snapshot,
      { ...stage, indexFile: path.join(stage.workshop, 'work-index') },
      run,
    )
    if (work !== null) await git(place, ['update-ref', `refs/heads/${beforeBranch(stamp)}`, work], run)
  })
  if (reader && (await askExists(place, commit, run)) === undefined) await addObjects(place, reader, run)
  for (const name of [...unfinished, 'index'])
    await fs.rm(path.join(place.gitFolder, name), { recursive: true, force: true })
  const branch = `refs/heads/${commitBranch(commit, stamp)}`
  await git(place, ['update-ref', branch, commit], run)
  await git(place, ['symbolic-ref', 'HEAD', branch], run)
  await git(place, ['read-tree', commit], run)
  await git(place, ['checkout-index', '--all', '--quiet', '-u'], run)
  await handOver(place.gitFolder)
}

const askExists = (place: GitPlace, commit: string, run: Run) =>
  git(place, ['cat-file', '-e', commit], run).then(
    () => true,
    () => undefined,
  )

async function addObjects(place: GitPlace, reader: PointReader, run: Run): Promise<void> {
  const { pack } = await openBundle(reader.readFile(inPoint.bundle))
  await git(place, ['index-pack', '--stdin'], run, pack)
}

/** The commit that a name or id means in a repository; undefined when it means none there. */
export async function resolveCommit(place: GitPlace, name: string, run: Run): Promise<string | undefined> {
  if (name.startsWith('-'))
    throw new RecoveryError('bad-input', `${name} names no commit`, { hint: 'give an id, a branch or a tag' })
  try {
    return (
      await askGit(place, ['rev-parse', '--quiet', '--verify', '--end-of-options', `${name}^{commit}`], run)
    )?.trim()
  } catch (error) {
    if (error instanceof RecoveryError && error.code === 'tool-failed') return undefined
    throw error
  }
}

/** The same among the commits of a point. `folder` is ours and absent. */
export async function resolveInPoint(
  reader: PointReader,
  refs: readonly { readonly name: string; readonly id: string }[],
  name: string,
  folder: string,
  run: Run,
): Promise<string | undefined> {
  if (!(await reader.exists(inPoint.bundle))) return undefined
  await fs.mkdir(folder, { recursive: true })
  const place = { gitFolder: folder }
  await git(
    { gitFolder: folder },
    ['init', '--quiet', '--bare', ...(refs[0]?.id.length === 64 ? ['--object-format=sha256'] : []), folder],
    run,
  )
  await addObjects(place, reader, run)
  for (const { name: ref, id } of refs) if (ref !== 'refs/stash') await git(place, ['update-ref', ref, id], run)
  return resolveCommit(place, name, run)
}

/** Objects never change, so that a second name of the same file is as good as a copy. Work trees linked to it stay with the other. */
async function copyRepository(from: string, to: string): Promise<void> {
  await fs.mkdir(to, { recursive: true })
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.name === 'worktrees' || entry.name.endsWith('.lock')) continue
    if (entry.isDirectory()) await copyRepository(source, target)
    else if (/\/objects\/([0-9a-f]{2}|pack)$/.test(from))
      await fs.link(source, target).catch(() => copyFile(source, target))
    else await copyFile(source, target)
  }
  const { mode, uid, gid } = await fs.stat(from)
  if (process.geteuid?.() === 0) await fs.chown(to, uid, gid)
  await fs.chmod(to, mode & 0o7777)
}

async function copyFile(from: string, to: string): Promise<void> {
  const { mode, uid, gid } = await fs.lstat(from)
  await fs.cp(from, to, { verbatimSymlinks: true, preserveTimestamps: true })
  if (process.geteuid?.() === 0) await fs.lchown(to, uid, gid)
  if (!(await fs.lstat(to)).isSymbolicLink()) await fs.chmod(to, mode & 0o7777)
}
