import fs from 'node:fs/promises'
import path from 'node:path'
import { stateFolder } from '../../journal/state-folder.ts'
import type { LivingRepository } from '../../sources/code/index.ts'
import { hasSetting } from '../../sources/code/index.ts'
import type { RecoveryPoint } from '../points.ts'
import type { Obstacle } from '../recover/plan.ts'
import type { Restoration } from './restoration.ts'

/** What keeps the code of a living folder from being exchanged. `from`: null when nothing of a point is needed. */
export async function codeObstacles(
  from: RecoveryPoint | null,
  living: LivingRepository,
  isCommit: boolean,
  { project, run }: Restoration,
): Promise<Obstacle[]> {
  const { root } = project
  return [
    ...(from ? sameShape(from, root, project.directory) : []),
    ...(from ? await roomFor(from, root) : []),
    ...(await ofGitFolder(path.join(root, '.git'))),
    ...(isCommit && living.kind !== 'whole' ? [noRepository(root)] : []),
    ...(isCommit && living.kind === 'whole' && (await hasSetting(living.repository, 'core.sparseCheckout', run))
      ? [sparse]
      : []),
  ]
}

const intoHint = 'bring it back into a folder of its own with --into DIR'

/** The work tree's top has to be where it was, seen from the project's own folder. */
function sameShape({ manifest }: RecoveryPoint, root: string, directory: string): Obstacle[] {
  const [now, then] = [path.relative(root, directory), manifest.project.directory]
  if (now === then) return []
  const message = `the project's own folder was ${then || 'the top of its code'} in the point, and is ${now || 'the top of the code'} (${root}) now`
  return [{ code: 'target-mismatch', message, hint: intoHint }]
}

async function roomFor({ manifest: { code } }: RecoveryPoint, root: string): Promise<Obstacle[]> {
  const { bavail, bsize } = await fs.statfs(root).catch(() => fs.statfs(path.dirname(root)))
  const needed = code?.bytes ?? 0
  if (bavail * bsize > needed) return []
  const message = `the code needs ${needed} bytes, and the disk of ${root} has ${bavail * bsize} free`
  return [{ code: 'storage-full', message, hint: 'free some space' }]
}

/** Other work trees and other folders know this repository by its place. */
async function ofGitFolder(gitFolder: string): Promise<Obstacle[]> {
  const stats = await fs.lstat(gitFolder).catch(() => undefined)
  if (!stats) return []
  if (!stats.isDirectory()) {
    const message = `${gitFolder} only names a repository that lies elsewhere (a linked work tree or a submodule), which others use too`
    return [{ code: 'preflight-failed', message, hint: intoHint }]
  }
  const linked = await linkedWorkTree(gitFolder)
  const isLocked = (await fs.lstat(path.join(gitFolder, 'index.lock')).catch(() => undefined)) !== undefined
  return [
    ...(linked === undefined
      ? []
      : [
          {
            code: 'preflight-failed' as const,
            message: `${linked} is another work tree of this repository, and would lose it`,
            hint: `remove it first with: git worktree remove; or ${intoHint}`,
          },
        ]),
    ...(isLocked
      ? [
          {
            code: 'preflight-failed' as const,
            message: 'git is at work in the repository (.git/index.lock)',
            hint: 'wait for it; if no git runs, remove that file',
          },
        ]
      : []),
  ]
}

async function linkedWorkTree(gitFolder: string): Promise<string | undefined> {
  const folder = path.join(gitFolder, 'worktrees')
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const mark = (await fs.readFile(path.join(folder, name, 'gitdir'), 'utf8').catch(() => '')).trim()
    if (mark !== '' && (await fs.lstat(mark).catch(() => undefined))) return path.dirname(mark)
  }
  return undefined
}

const noRepository = (root: string): Obstacle => ({
  code: 'preflight-failed',
  message: `there is no whole repository in ${root} to check a commit out in`,
  hint: `bring the code back first with: aidatavault restore code (what is there goes into ${stateFolder}/kept)`,
})

const sparse: Obstacle = {
  code: 'preflight-failed',
  message: 'this is a sparse checkout, in which a commit cannot be checked out whole',
  hint: 'end it first with: git sparse-checkout disable',
}
