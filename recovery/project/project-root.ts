import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { RecoveryError } from '../domain/errors.ts'
import { askGit } from '../drivers/git/index.ts'
import { isInside, lstatOf, realPath, upward } from './paths.ts'
import type { Run } from '../domain/run.ts'
import type { GitPlace } from '../drivers/git/index.ts'

/** What counts as the project's whole folder. */
export interface ProjectRoot {
  readonly root: string
  readonly git: GitPlace | null
}

/** The git work tree that holds the directory, else the directory itself. Warns where a work tree is too wide to be one project. */
export async function findRoot(directory: string, run: Run): Promise<ProjectRoot> {
  const top = await findTop(directory)
  if (top === undefined) return { root: directory, git: null }
  if (await isTooWide(top, directory)) {
    const text = `${top} is a git work tree, but too wide to be this project: only ${directory} is taken, without that history`
    run.report({ kind: 'warning', text })
    return { root: directory, git: null }
  }
  const git = { gitFolder: path.join(top, '.git'), workTree: top }
  return { root: top, git: (await isReadable(git, run)) ? git : null }
}

/** As git looks: the nearest folder with a .git of its own. */
async function findTop(directory: string): Promise<string | undefined> {
  for (const folder of upward(directory)) {
    const mark = path.join(folder, '.git')
    const stat = await lstatOf(mark)
    if (stat?.isDirectory() && (await lstatOf(path.join(mark, 'HEAD')))) return folder
    if (stat?.isFile() && (await readFile(mark, 'utf8').catch(() => '')).startsWith('gitdir:')) return folder
  }
  return undefined
}

/** A whole home directory, or what holds home directories, is not one project, even where dotfiles are kept in git. */
async function isTooWide(top: string, directory: string): Promise<boolean> {
  if (top === directory) return false
  const home = await realPath(os.homedir())
  return isInside(home, top) || ['/', '/etc', '/usr', '/var', '/srv', '/opt', '/home', '/root'].includes(top)
}

/** Without git the folder is taken as it is, `.git` and all. */
async function isReadable(place: GitPlace, run: Run): Promise<boolean> {
  try {
    return (await askGit(place, ['rev-parse', '--is-inside-work-tree'], run))?.trim() === 'true'
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code === 'interrupted') throw error
    const text = `git cannot read ${place.workTree}, so its folder is taken as plain files: ${error.message}`
    run.report({ kind: 'warning', text })
    return false
  }
}
