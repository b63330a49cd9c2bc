import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Manifest, ProjectFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { findConfig, findRoot } from '../../project/index.ts'
import type { Project, ProjectVolume } from '../../project/project.ts'
import type { Vault } from '../../../vault/index.ts'
import { originOf } from '../origin.ts'
import { listPoints } from '../points.ts'

/** What a folder still says of the project whose files were lost there. */
export interface LostProject {
  /** Absolute, real as far as it exists. */
  readonly directory: string
  /** Where aidatavault.yml is left. */
  readonly id: string | undefined
  readonly vault: string | undefined
}

/** Reads what is left. The folder itself may be gone. */
export async function readLost(directory: string): Promise<LostProject> {
  const place = await fs.realpath(directory).catch(() => path.resolve(directory))
  const found = await findConfig(place)
  if (!found) return { directory: place, id: undefined, vault: undefined }
  const folder = path.dirname(found.file)
  const { id, vault } = found.config
  const isPlace = vault === undefined || path.isAbsolute(vault) || vault.includes(':')
  return { directory: folder, id, vault: isPlace ? vault : path.join(folder, vault) }
}

/**
 * The project as its newest complete point knows it, for a folder in which Compose files or env files are lost, so that no
 * discovery succeeds. Points taken in this folder on this machine alone, or of the id that is left in aidatavault.yml.
 * Services, servers and images are not known to it: it serves to bring files back. Rejects with project-not-found.
 */
export async function recallProject(lost: LostProject, vault: Vault, run: Run): Promise<Project> {
  const { points } = await listPoints(vault, lost.id)
  const hostname = os.hostname()
  const newest = points.findLast(({ manifest }) => {
    const origin = originOf(manifest.project)
    const isHere = origin.folder === lost.directory && origin.hostname === hostname
    return manifest.state === 'complete' && (isHere || lost.id !== undefined)
  })
  if (newest) return recalled(newest.manifest, lost, hostname, run)
  throw new RecoveryError(
    'project-not-found',
    `no complete point of the vault was taken in ${lost.directory} on this machine`,
    {
      hint: 'bring its code back into a new folder with: aidatavault restore code --into DIR; or all of it with: aidatavault recover',
    },
  )
}

async function recalled(manifest: Manifest, { directory }: LostProject, hostname: string, run: Run): Promise<Project> {
  const top = topOf(directory, manifest.project)
  const { root, git } = await findRoot(directory, run)
  const isTop = root === top
  const facts = { ...manifest.project, hostname, root: top }
  return {
    ...{ facts, root: top, directory, config: {}, compose: null, services: [], servers: [], logins: [] },
    ...{ images: [], leftOut: [], git: isTop && git ? { top } : null },
    volumes: await foldersOf(manifest, top),
    configFiles: await configOf(manifest, top),
  }
}

/** The folder that the code lay in, seen from the project's own. */
function topOf(directory: string, { directory: inner }: ProjectFacts): string {
  if (inner === '') return directory
  if (directory.endsWith(`${path.sep}${inner}`)) return directory.slice(0, -inner.length - 1)
  return directory
}

async function configOf({ config }: Manifest, root: string): Promise<Project['configFiles']> {
  const files = config.map(({ path: file, kind }) => ({ path: path.resolve(root, file), kind }))
  const there = await Promise.all(files.map(({ path: file }) => isThere(file)))
  return files.filter((_, at) => there[at])
}

/** Data of the project that lies in its folder, so that nobody takes it for code. */
async function foldersOf({ volumes, servers }: Manifest, root: string): Promise<ProjectVolume[]> {
  const binds = volumes.filter(({ kind }) => kind === 'bind').map(({ key, isFile }) => ({ key, isFile, server: null }))
  const data = servers.flatMap(({ name, storedOn }) =>
    storedOn === null ? [] : [{ key: storedOn, isFile: false, server: name }],
  )
  const found = [...binds, ...data].map(({ key, isFile, server }): ProjectVolume => ({
    ...{ key, kind: 'bind', name: path.resolve(root, key), external: false, driver: '', driverOptions: {}, labels: {} },
    ...{ mounts: [], exists: true, isFile, holdsServer: server, coveredByCode: false, image: undefined },
  }))
  const there = await Promise.all(found.map(({ name }) => isThere(name)))
  return found.filter((_, at) => there[at])
}

const isThere = (file: string) =>
  fs.lstat(file).then(
    () => true,
    () => false,
  )
