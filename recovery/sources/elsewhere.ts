import type { Project, ProjectEnvFile, ProjectVolume } from '../project/project.ts'
import { below, isIn } from './byte-path.ts'
import type { BytePath } from './byte-path.ts'

/** Enabled, no database in it, not part of the code: what the volume source captures. */
export function volumesToCapture(project: Project): readonly ProjectVolume[] {
  const candidates = project.volumes.filter(volume => isCandidate(project, volume))
  return candidates.filter(volume => !candidates.some(other => holds(other, volume)))
}

/** A bind mount of the project's folder, or of one that holds it, is the project itself; a mounted file can be configuration. */
function isCandidate(project: Project, volume: ProjectVolume): boolean {
  if (volume.holdsServer !== null || volume.coveredByCode) return false
  if (volume.kind !== 'bind') return true
  if (volume.isFile) return !project.configFiles.some(file => file.path === volume.name)
  return below(volume.name, project.root) === undefined
}

const holds = (outer: ProjectVolume, inner: ProjectVolume): boolean =>
  outer !== inner &&
  outer.kind === 'bind' &&
  inner.kind === 'bind' &&
  !outer.isFile &&
  outer.name !== inner.name &&
  below(outer.name, inner.name) !== undefined

/** Places below the project's root that other sources bring back, so that the code leaves them alone. */
export interface Elsewhere {
  /** Folders and files of bind mounts: whatever is in them. */
  readonly volumes: readonly BytePath[]
  /** Configuration files. */
  readonly config: readonly BytePath[]
}

export function takenElsewhere(project: Project): Elsewhere {
  const inRoot = (paths: readonly string[]) =>
    paths.map(path => below(project.root, path)).filter(path => path !== undefined && path !== '') as BytePath[]
  return {
    volumes: inRoot([...volumesOnDisk(project), ...dataDirectories(project)]),
    config: inRoot(configToCapture(project).map(({ path }) => path)),
  }
}

const volumesOnDisk = (project: Project) =>
  volumesToCapture(project)
    .filter(({ kind }) => kind === 'bind')
    .map(({ name }) => name)

/** A running server's files are worth nothing as a copy; the database source takes them. */
const dataDirectories = (project: Project) => [
  ...project.volumes.filter(({ kind, holdsServer }) => kind === 'bind' && holdsServer !== null).map(({ name }) => name),
  ...project.servers.flatMap(({ dataDirectory }) => dataDirectory ?? []),
]

/** Configuration that no captured bind mount brings back with everything else in it; each file once, as a secret if it is one. */
export function configToCapture(project: Project): readonly ProjectEnvFile[] {
  const folders = volumesOnDisk(project)
  const files = project.configFiles.filter(({ path }) => !folders.some(folder => below(folder, path) !== undefined))
  const isSecret = ({ kind }: ProjectEnvFile) => kind === 'env' || kind === 'secret'
  const secretsFirst = [...files.filter(isSecret), ...files.filter(file => !isSecret(file))]
  const first = new Map<string, ProjectEnvFile>()
  for (const file of secretsFirst) if (!first.has(file.path)) first.set(file.path, file)
  return [...first.values()]
}

/** Whether another source brings it back. */
export const isElsewhere = (elsewhere: Elsewhere, path: BytePath): boolean =>
  elsewhere.config.includes(path) || isInVolume(elsewhere, path)

export const isInVolume = (elsewhere: Elsewhere, path: BytePath): boolean =>
  elsewhere.volumes.some(folder => isIn(folder, path))
