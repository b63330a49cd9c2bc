import { RecoveryError } from '../domain/errors.ts'
import type { Project, ProjectServer, ProjectVolume } from '../project/project.ts'
import { volumesToCapture } from '../sources/volume/index.ts'
import { planImageBytes, type ImagePlan } from './capture-images.ts'
import { planQuiet, type QuietPlan } from './quiet/plan-quiet.ts'

export const sourceKinds = ['code', 'config', 'database', 'volume'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** What one backup will take, and what it cannot. */
export interface BackupPlan {
  readonly code: boolean
  readonly config: boolean
  readonly servers: readonly ProjectServer[]
  /** By server: the only databases to take of it; absent servers give all. Logical capture alone can choose. */
  readonly databases?: ReadonlyMap<string, readonly string[]>
  readonly volumes: readonly ProjectVolume[]
  /** Services that are kept from writing while volumes are read; undefined: none. */
  readonly quiet?: QuietPlan | undefined
  /** Images whose bytes it takes. */
  readonly images?: ImagePlan
  /** The project's hooks run before and after it. */
  readonly hooks?: boolean
  /** Volumes that are taken as the files of a stopped PostgreSQL server: its name by the volume's key. */
  readonly cold?: ReadonlyMap<string, string>
  /** What the project has and this point will not hold, with the reason. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[]
  /** All kinds of source are in: only such a point can bring the project back. */
  readonly complete: boolean
}

/** What is wanted of one backup beyond what aidatavault.yml says. */
export interface BackupOptions {
  /** The bytes of all images. */
  readonly images?: boolean
}

/**
 * Decides what a backup takes. Rejects with database-unreachable when a database that should be in is not running,
 * with docker-unavailable when there is a volume to read and no engine to read it with, and with source-unreadable when a
 * folder that the user named is not there.
 */
export function planBackup(
  project: Project,
  only: readonly SourceKind[] = sourceKinds,
  how: BackupOptions = {},
): BackupPlan {
  const wants = (kind: SourceKind) => only.includes(kind)
  const notWanted = sourceKinds.filter(kind => !wants(kind))
  const volumes = wants('volume') ? volumesToCapture(project) : []
  const servers = wants('database') ? project.servers : []
  assertReachable(project, servers, volumes)
  assertNamedFoldersThere(volumes)
  // A point of some kinds alone does not bring the project back, so its images are in it only when someone says so.
  const images = planImageBytes(project, how.images || (notWanted.length === 0 && (project.config.images ?? false)))
  const there = volumes.filter(volume => volume.exists)
  return {
    code: wants('code'),
    config: wants('config'),
    servers,
    volumes: there,
    quiet: planQuiet(project, { code: wants('code') || wants('config'), volumes: there }),
    images,
    hooks: true,
    leftOut: [...project.leftOut, ...notMade(volumes), ...images.leftOut, ...notWanted.map(leftOutByOnly)],
    complete: notWanted.length === 0,
  }
}

const leftOutByOnly = (kind: SourceKind) => ({ what: kind, why: 'left out by --only' })

/** No data is lost with them, unless the project was started under another name: so it is said. */
const notMade = (volumes: readonly ProjectVolume[]) =>
  volumes
    .filter(volume => !volume.exists && isInEngine(volume))
    .map(({ key, name }) => ({ what: `volume ${key}`, why: `there is no ${name} yet on this machine` }))

// An engine that does not answer tells of no volume at all, which does not mean that there is none.
function assertReachable(project: Project, servers: readonly ProjectServer[], volumes: readonly ProjectVolume[]): void {
  const needsEngine = [...servers.filter(server => server.access === 'service'), ...volumes.filter(isInEngine)]
  if (needsEngine.length > 0 && project.compose && !project.compose.engineAnswers)
    throw new RecoveryError(
      'docker-unavailable',
      `the Docker engine does not answer, so ${needsEngine.map(({ name }) => name).join(', ')} cannot be captured`,
      { hint: `start Docker, or take what lies outside of it: ${onlyHint('code,config')}` },
    )
  const stopped = servers.find(server => !server.running)
  if (stopped)
    throw new RecoveryError(
      'database-unreachable',
      `PostgreSQL ${stopped.name} is not running, so its databases cannot be captured`,
      {
        hint: `${startHint(stopped)}, or take its files as they are: aidatavault backup --cold, or leave databases out: ${onlyHint('code,config,volume')}`,
      },
    )
}

/** Compose makes a missing folder that it mounts; one that only aidatavault.yml names is a typo, or on a disk that is not mounted. */
function assertNamedFoldersThere(volumes: readonly ProjectVolume[]): void {
  const missing = volumes.find(({ kind, mounts, exists }) => kind === 'bind' && mounts.length === 0 && !exists)
  if (missing)
    throw new RecoveryError(
      'source-unreadable',
      `aidatavault.yml protects the folder ${missing.key}, and it is not there`,
      {
        hint: 'correct its name, mount the disk that it lies on, or say protect: false of it',
      },
    )
}

const isInEngine = (volume: ProjectVolume) => volume.kind !== 'bind'
const onlyHint = (kinds: string) => `aidatavault backup --only ${kinds}`
const startHint = (server: ProjectServer) =>
  server.access === 'service' ? `start it with: docker compose up --detach --wait ${server.name}` : 'start the server'
