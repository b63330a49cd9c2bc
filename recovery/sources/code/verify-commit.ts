import path from 'node:path'
import type { Check } from '../../domain/check.ts'
import type { Run } from '../../domain/run.ts'
import { askGit, git } from '../../drivers/git/index.ts'
import type { GitPlace } from '../../drivers/git/index.ts'

/** Whether the work tree stands at a commit, every tracked file as it is there. */
export async function verifyCommit(root: string, commit: string, run: Run): Promise<Check[]> {
  const place = { workTree: root, gitFolder: path.join(root, '.git') }
  const head = (await git(place, ['rev-parse', 'HEAD'], run)).text.trim()
  const arguments_ = ['status', '--porcelain', '--untracked-files=no', '--ignore-submodules=all', '--no-renames']
  const differing = (await git(place, arguments_, run)).text.split('\n').filter(Boolean)
  const detail = differing.length === 0 ? 'as committed' : `different: ${differing.slice(0, 5).join(', ')}`
  return [
    { what: 'code: HEAD', ok: head === commit, detail: head },
    { what: 'code: tracked files', ok: differing.length === 0, detail },
  ]
}

/** Whether a setting of the repository is true. */
export const hasSetting = async (place: GitPlace, name: string, run: Run): Promise<boolean> =>
  (await askGit(place, ['config', '--type=bool', '--get', name], run))?.trim() === 'true'
