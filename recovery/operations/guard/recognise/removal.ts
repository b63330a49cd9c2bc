import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Arguments } from './match-rule.ts'
import { everything, type Part } from './rules.ts'

const composeFile = /^(docker-)?compose(\..+)?\.ya?ml$/
const isConfiguration = (name: string) =>
  /^\.env(\..*)?$|\.env$/.test(name) || composeFile.test(name) || name.startsWith('aidatavault.y')

/** What a removal takes of one project. */
export interface Removal {
  /** Absolute: a folder of it. */
  readonly project: string
  readonly endangers: readonly Part[]
}

/**
 * What `rm` takes of projects. Most that is removed in one is made again at will (node_modules, dist): what git ignores, no
 * service mounts and holds no secret counts for nothing.
 */
export function removalsBy({ words, options }: Arguments, cwd: string, home: string | undefined): readonly Removal[] {
  const isRecursive = options.some(option => option === '--recursive' || /^-[A-Za-z]*[rR]/.test(option))
  const targets = words.slice(1).flatMap(word => expanded(word.replace(/^~(?=\/|$)/, home ?? '~'), cwd))
  return targets.flatMap(target => removalsAt(target, cwd, isRecursive))
}

/** `*` and the like are the shell's to expand; where a line was not run by one yet, the folder they lie in stands for them. */
function expanded(word: string, cwd: string): string[] {
  const place = path.resolve(cwd, word)
  return /[*?[]/.test(word) && !exists(place) ? [path.dirname(place.slice(0, place.search(/[*?[]/)) + 'x')] : [place]
}

function removalsAt(target: string, cwd: string, isRecursive: boolean): readonly Removal[] {
  if (!exists(target)) return []
  const project = projectAbove(target) ?? projectAbove(cwd)
  if (/\/docker\/volumes(\/|$)/.test(target)) return [{ project: cwd, endangers: ['databases', 'volumes'] }]
  const name = path.basename(target)
  if (project !== undefined && name === '.git') return [{ project, endangers: ['code'] }]
  if (project !== undefined && isConfiguration(name)) return [{ project, endangers: ['config', 'code'] }]
  if (!isRecursive) return []
  const inside = [target, ...foldersIn(target)].filter(holdsProject)
  if (inside.length > 0) return inside.map(found => ({ project: found, endangers: everything }))
  if (project === undefined || !isInside(project, target)) return isInside(target, project ?? '') ? all(project!) : []
  if (isMounted(target, project)) return all(project)
  return isIgnored(target, project) ? [] : [{ project, endangers: ['code', 'config'] }]
}

const all = (project: string): readonly Removal[] => [{ project, endangers: everything }]
const isInside = (outer: string, inner: string) => inner.startsWith(`${outer}${path.sep}`)

const exists = (file: string) => fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return []
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = fs.readdirSync(folder, { withFileTypes: true })
    return entries.filter(entry => entry.isDirectory()).map(({ name }) => path.join(folder, name))
  } catch {
    return []
  }
}

const holdsProject = (folder: string) =>
  namesIn(folder).some(name => composeFile.test(name) || name.startsWith('aidatavault.y'))

/** The folder with a Compose file or aidatavault.yml that a place lies in. */
function projectAbove(place: string): string | undefined {
  for (let folder = place; ; folder = path.dirname(folder)) {
    if (holdsProject(folder)) return folder
    if (folder === path.dirname(folder)) return undefined
  }
}

/** Named in a Compose file, or above something that is. */
function isMounted(target: string, project: string): boolean {
  const inside = path.relative(project, target)
  const files = namesIn(project).filter(name => composeFile.test(name))
  const texts = files.map(file => fs.readFileSync(path.join(project, file), 'utf8'))
  return texts.some(text => text.includes(`./${inside}`) || text.includes(target))
}

/** Where git does not answer, nothing is ignored. */
function isIgnored(target: string, project: string): boolean {
  const asked = spawnSync('git', ['-C', project, 'check-ignore', '--quiet', '--', target], { stdio: 'ignore' })
  return asked.status === 0
}
