import { glob, readdir } from 'node:fs/promises'
import path from 'node:path'
import { realParent, statOf } from './paths.ts'
import { isEnvFile, isMadeAnew } from './telling-names.ts'
import type { Run } from '../domain/run.ts'
import type { ComposeReferences } from './compose-references.ts'
import type { ProjectEnvFile, ProjectVolume } from './project.ts'

/** Where configuration may lie. Absolute paths. */
export interface ConfigSources {
  readonly root: string
  readonly directory: string
  /** aidatavault.yml, where there is one. */
  readonly configFile: string | undefined
  /** Globs of aidatavault.yml, relative to the directory. */
  readonly globs: readonly string[]
  readonly references: ComposeReferences | undefined
  /** Env files that Compose itself reads. */
  readonly composeEnvFiles: readonly string[]
  readonly secretFiles: readonly string[]
  readonly volumes: readonly ProjectVolume[]
  /** Places that services mount, without links. */
  readonly mounted: ReadonlySet<string>
}

/** Everything that is configuration, each file once, sorted by path: what exists, inside the root and outside. */
export async function findConfigFiles(sources: ConfigSources, run: Run): Promise<ProjectEnvFile[]> {
  const { references } = sources
  const found = new Map<string, ProjectEnvFile['kind']>()
  // The first to name a file says what it is.
  const add = async (kind: ProjectEnvFile['kind'] | 'by-mode', files: Iterable<string>) => {
    for (const file of files) {
      const place = await realParent(path.resolve(file))
      const stat = found.has(place) ? undefined : await statOf(place)
      if (stat?.isFile()) found.set(place, kind === 'by-mode' ? kindByMode(stat.mode) : kind)
    }
  }
  await add('aidatavault', sources.configFile === undefined ? [] : [sources.configFile])
  await add('compose', references?.composeFiles ?? [])
  await add('env', [...sources.composeEnvFiles, ...(references?.envFiles ?? [])])
  await add('by-mode', [...sources.secretFiles, ...(references?.secretFiles ?? [])])
  await add('mounted', references?.configFiles ?? [])
  await add('env', await envFilesIn(sources, run))
  await add('mounted', await mountedFiles(sources))
  await add('by-mode', await globbed(sources, run))
  return [...found].map(([file, kind]) => ({ path: file, kind })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A secret comes back readable by its owner alone. One that others read today is needed by them, such as a service's user. */
export const kindByMode = (mode: number): ProjectEnvFile['kind'] => ((mode & 0o077) === 0 ? 'secret' : 'mounted')

// Larger ones that a service may write to are data, such as a SQLite database.
const largestMountedBytes = 1024 * 1024

async function mountedFiles({ volumes, mounted }: ConfigSources): Promise<string[]> {
  const files: string[] = []
  for (const { name, isFile, mounts } of volumes) {
    if (!isFile || !mounted.has(name)) continue
    const size = (await statOf(name))?.size ?? 0
    if (size <= largestMountedBytes || mounts.every(({ readOnly }) => readOnly)) files.push(name)
  }
  return files
}

async function globbed({ globs, directory }: ConfigSources, run: Run): Promise<string[]> {
  const files: string[] = []
  for (const pattern of globs) {
    const before = files.length
    for await (const name of glob(pattern, { cwd: directory })) files.push(path.resolve(directory, name))
    if (files.length === before)
      run.report({ kind: 'warning', text: `aidatavault.yml, config: nothing matches ${pattern} in ${directory}` })
  }
  return files
}

// Beyond that many folders a root is no project any more, and looking through it would take minutes.
const mostFolders = 50_000

/** Env files anywhere in the root, ignored by git or not; not in what is data, nor in what is made anew. */
async function envFilesIn({ root, volumes }: ConfigSources, run: Run): Promise<string[]> {
  const data = new Set(
    volumes.filter(({ kind, coveredByCode }) => kind === 'bind' && !coveredByCode).map(({ name }) => name),
  )
  const files: string[] = []
  const folders = [root]
  for (let at = 0; at < folders.length; at++) {
    if (at === mostFolders) {
      const text = `${root} has more than ${mostFolders} folders: env files deeper in it are not looked for`
      run.report({ kind: 'warning', text })
      break
    }
    run.signal.throwIfAborted()
    const folder = folders[at]!
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const place = path.join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== '.git' && !isMadeAnew(entry.name) && !data.has(place))
        folders.push(place)
      if (!entry.isDirectory() && isEnvFile(entry.name)) files.push(place)
    }
  }
  return files
}
