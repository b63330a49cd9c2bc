import fs from 'node:fs/promises'
import path from 'node:path'
import type { Run } from '../../domain/run.ts'
import type { BytePath } from '../byte-path.ts'
import type { Picked } from './tree-entries.ts'
import type { Repository } from './repository.ts'

// What of `.git` the bundle and the copy of the index hold already, and what is of this machine and this moment alone.
const heldOtherwise = new Set([
  'HEAD',
  'index',
  'objects',
  'refs',
  'packed-refs',
  'reftable',
  'logs',
  'worktrees',
  'commondir',
  'gitdir',
  'locked',
  'gc.pid',
  'gc.log',
])
const ofTheMoment = /\.lock$|^sharedindex\.|^fsmonitor--daemon|^tmp_/

// A linked work tree has these from the repository that it is linked to; git looks nowhere else for them.
const shared = new Set([
  'config',
  'hooks',
  'info',
  'lfs',
  'rr-cache',
  'shallow',
  'description',
  'branches',
  'remotes',
  'annex',
])

/** The rest of `.git`: everything that is not known to be held otherwise, also what other tools keep there. */
export async function gitFiles(repository: Repository): Promise<Picked[]> {
  const { ownFolder, sharedFolder } = repository
  const own = await namesIn(ownFolder)
  if (ownFolder === sharedFolder) return own.map(name => picked(ownFolder, name))
  const common = (await namesIn(sharedFolder)).filter(name => shared.has(name))
  return [
    ...common.map(name => picked(sharedFolder, name)),
    ...own.filter(name => !common.includes(name)).map(name => picked(ownFolder, name)),
  ]
}

const picked = (root: string, path: BytePath): Picked => ({ root, path })

async function namesIn(folder: string): Promise<BytePath[]> {
  const names = (await fs.readdir(folder, 'buffer')).map(name => name.toString('latin1'))
  return names.filter(name => !heldOtherwise.has(name) && !ofTheMoment.test(name)).sort()
}

/** Says what belongs to the repository and is not in the point. */
export async function warnOfOthers(repository: Repository, run: Run): Promise<void> {
  for (const other of await otherWorkTrees(repository))
    run.report({
      kind: 'warning',
      text: `code: ${other} is another work tree of this repository; its branch and commits are in the point, its uncommitted files are not`,
    })
  if (repository.ownFolder !== repository.sharedFolder && (await exists(path.join(repository.ownFolder, 'modules'))))
    run.report({
      kind: 'warning',
      text: 'code: submodules of a linked work tree come back as files, but not connected to their repositories',
    })
}

async function otherWorkTrees({ ownFolder, sharedFolder }: Repository): Promise<string[]> {
  const linked = path.join(sharedFolder, 'worktrees')
  const names = await fs.readdir(linked).catch(() => [])
  const others = names.map(name => path.join(linked, name)).filter(folder => folder !== ownFolder)
  const places = others.map(async folder =>
    (await fs.readFile(path.join(folder, 'gitdir'), 'utf8').catch(() => '')).trim(),
  )
  const found = (await Promise.all(places)).filter(Boolean).map(gitFile => path.dirname(gitFile))
  const living = await Promise.all(found.map(exists))
  return found.filter((_, i) => living[i])
}

const exists = (place: string) =>
  fs.lstat(place).then(
    () => true,
    () => false,
  )
