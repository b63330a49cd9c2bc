import { access, constants, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { kindByMode } from './config-files.ts'
import { ignoredIn } from './git-coverage.ts'
import { isInside, lstatOf, realPath, seenFrom } from './paths.ts'
import { isBuiltAnew } from './telling-names.ts'
import { folderOf } from './volume-sources.ts'
import type { Run } from '../domain/run.ts'
import type { Project, ProjectEnvFile, ProjectVolume } from './project.ts'
import type { VolumeSources } from './volume-sources.ts'

/** What git ignores and nothing else takes. */
export interface IgnoredPlaces {
  /** Folders. */
  readonly volumes: readonly ProjectVolume[]
  readonly files: readonly ProjectEnvFile[]
  readonly leftOut: Project['leftOut']
}

interface IgnoredSources extends VolumeSources {
  readonly volumes: readonly ProjectVolume[]
  readonly configFiles: readonly ProjectEnvFile[]
}

// What is larger is seldom written by hand, and belongs under `volumes` of aidatavault.yml.
const mostBytes = 100 * 1024 * 1024
const mostFilesOfOneFolder = 1000

/**
 * Keys, local settings, a small database beside the code: git ignores them, no service mounts them, and often there is no
 * other copy. Everything but what is made anew, what is too large and what cannot be taken; that is named.
 */
export async function findIgnored(sources: IgnoredSources, run: Run): Promise<IgnoredPlaces> {
  if (!sources.git) return { volumes: [], files: [], leftOut: [] }
  const { root } = sources
  const sorted = await new Sorting(root, await takenPlaces(sources)).sort(await ignoredIn(sources.git, '', run), run)
  const crowded = [...Map.groupBy(sorted.files, file => path.dirname(file.path))].filter(
    ([, files]) => files.length > mostFilesOfOneFolder,
  )
  const leftOut = crowded.map(([folder, files]) => ({
    what: `${files.length} files in ${seenFrom(root, folder) || 'the project’s folder'}`,
    why: `git ignores them; ${howToTake}`,
  }))
  const left = new Set(crowded.map(([folder]) => folder))
  return {
    volumes: sorted.volumes,
    files: sorted.files.filter(file => !left.has(path.dirname(file.path))),
    leftOut: [...sorted.leftOut, ...leftOut, ...madeAnew(sorted.made)],
  }
}

const howToTake = 'list their folder under volumes: in aidatavault.yml if it counts'

function madeAnew(names: readonly string[]): Project['leftOut'] {
  if (names.length === 0) return []
  const more = names.length > 20 ? ` and ${names.length - 20} more` : ''
  return [
    {
      what: names.slice(0, 20).join(', ') + more,
      why: 'git ignores it, and it is made anew from the code',
      harmless: true,
    },
  ]
}

/** Places that were sorted before: taken, or left out and named. */
async function takenPlaces({ root, volumes, configFiles, ...sources }: IgnoredSources): Promise<string[]> {
  const mounts = (sources.survey?.services ?? []).flatMap(service => service.mounts)
  const listed = Object.keys(sources.config.volumes ?? {}).flatMap(key => folderOf(sources, key) ?? [])
  const servers = [...sources.servers.servers, ...sources.servers.unwanted].flatMap(({ place }) => place ?? [])
  const binds = [...mounts, ...servers].flatMap(({ kind, source }) => (kind === 'bind' ? [source] : []))
  const mounted = await Promise.all([...binds, ...listed].map(realPath))
  return [
    ...volumes.flatMap(({ kind, name }) => (kind === 'bind' ? [name] : [])),
    // A mount of the whole machine says nothing of what lies in the project.
    ...mounted.filter(place => place !== root && isInside(place, root)),
    ...configFiles.map(file => file.path),
  ]
}

class Sorting {
  readonly volumes: ProjectVolume[] = []
  readonly files: ProjectEnvFile[] = []
  readonly leftOut: Project['leftOut'][number][] = []
  readonly made: string[] = []
  readonly #root: string
  readonly #taken: readonly string[]

  constructor(root: string, taken: readonly string[]) {
    this.#root = root
    this.#taken = taken
  }

  /** Names relative to the root. */
  async sort(names: readonly string[], run: Run): Promise<this> {
    for (const name of names) {
      run.signal.throwIfAborted()
      const place = path.join(this.#root, name)
      if (isOurs.test(name) || this.#taken.some(taken => isInside(place, taken))) continue
      if (isBuiltAnew(name)) this.made.push(name)
      else if (this.#taken.some(taken => isInside(taken, place))) await this.#sortWithin(name, place, run)
      else await this.#add(name, place)
    }
    return this
  }

  async #sortWithin(name: string, place: string, run: Run): Promise<void> {
    const inner = await readdir(place).catch(() => undefined)
    if (inner)
      await this.sort(
        inner.map(one => path.join(name, one)),
        run,
      )
    else this.#leave(name, 'it cannot be read by this user')
  }

  #leave(name: string, why: string): void {
    this.leftOut.push({ what: name, why: `git ignores it, and ${why}` })
  }

  async #add(name: string, place: string): Promise<void> {
    if (name.includes('\uFFFD')) return this.#leave(name, 'its name is not UTF-8')
    const stat = await lstatOf(place)
    if (!stat) return
    if (stat.isSymbolicLink()) return this.#leave(name, `it is a link to ${await readlink(place)}`)
    if (!stat.isFile() && !stat.isDirectory()) return this.#leave(name, 'it is a socket, pipe or device')
    const bytes = await bytesOf(place, stat.isFile() ? stat.size : undefined)
    if (bytes === undefined) return this.#leave(name, 'it cannot be read by this user')
    if (bytes > mostBytes) return this.#leave(name, `it is larger than ${mostBytes >> 20} MB; ${howToTake}`)
    if (stat.isFile()) this.files.push({ path: place, kind: kindByMode(stat.mode) })
    else this.volumes.push(folderAt(this.#root, place))
  }
}

const isOurs = /(^|\/)\.aidatavault(-(code|recovery)[^/]*)?(\/|$)/

/** Of a file, or of all files in a folder, looked at until they are too many; undefined where something cannot be read. */
async function bytesOf(place: string, size: number | undefined): Promise<number | undefined> {
  const mode = size === undefined ? constants.R_OK | constants.X_OK : constants.R_OK
  if (
    !(await access(place, mode).then(
      () => true,
      () => false,
    ))
  )
    return undefined
  if (size !== undefined) return size
  let total = 0
  for (const entry of await readdir(place, { withFileTypes: true }).catch(() => [])) {
    const inner = path.join(place, entry.name)
    // A name that is not UTF-8 cannot be asked for here; the capture takes it none the less.
    if ((!entry.isFile() && !entry.isDirectory()) || entry.name.includes('\uFFFD')) continue
    const bytes = await bytesOf(inner, entry.isFile() ? ((await lstatOf(inner))?.size ?? 0) : undefined)
    if (bytes === undefined) return undefined
    total += bytes
    if (total > mostBytes) return total
  }
  return total
}

const folderAt = (root: string, place: string): ProjectVolume => ({
  ...{ key: seenFrom(root, place), kind: 'bind', name: place, external: false, driver: 'local', driverOptions: {} },
  ...{ labels: {}, mounts: [], exists: true, isFile: false, holdsServer: null, coveredByCode: false, image: undefined },
})
