import type { Manifest } from '../../../contract/manifest.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { Project, ProjectServer, ProjectVolume } from '../../project/project.ts'
import { codeChanges } from '../../sources/code/index.ts'
import { configChanges } from '../../sources/config/index.ts'
import { writtenSince, type ServerLife } from '../../sources/database/index.ts'
import { filesSince } from '../../sources/files-since.ts'
import { volumesToCapture } from '../../sources/volume/index.ts'
import type { Targets } from '../targets.ts'
import { judgeSource, unknownChanges, type Changes } from './judge-source.ts'
import type { Judged } from './light.ts'
import type { Patience } from './patience.ts'
import { newestWith, type HeldBy, type KnownPoints } from './point-of.ts'

/** How well one source of the project is protected, and what of it would be lost now. */
export interface SourceStatus extends Judged {
  readonly kind: 'code' | 'config' | 'database' | 'volume'
  readonly name: string
  /** For people: 'database db'. */
  readonly what: string
  /** In the newest complete point. */
  readonly inPoint: boolean
  /** The newest complete point that has it; null: none, or nobody knows. */
  readonly heldBy: HeldBy | null
  readonly changes: Changes
  /** Said of it: what it is. */
  readonly detail: string
  /** What is wrong and keeps the next backup from taking it; undefined if nothing is. */
  readonly problem?: string
}

/** What looking takes. */
export interface Looking {
  readonly project: Project
  /** null: nobody could look into a vault. */
  readonly points: KnownPoints | null
  readonly targets: Targets
  readonly protect: string
  readonly lives: ReadonlyMap<string, Promise<ServerLife>>
  readonly patience: Patience
}

type Kind = Pick<SourceStatus, 'kind' | 'name' | 'what' | 'detail'>

/** Every source of the project, all looked at at once. */
export async function lookAtSources(looking: Looking): Promise<SourceStatus[]> {
  const { project } = looking
  return Promise.all([
    codeStatus(looking),
    configStatus(looking),
    ...project.servers.map(server => serverStatus(server, looking)),
    ...volumesToCapture(project).map(volume => volumeStatus(volume, looking)),
  ])
}

type Look = (manifest: Manifest | undefined, since: Date | undefined, run: Run) => Promise<Changes>

interface Question {
  readonly source: Kind
  readonly holds: (manifest: Manifest) => boolean
  readonly look: Look
  readonly problem?: { readonly text: string; readonly fix: string }
}

async function statusOf(looking: Looking, { source, holds, look, problem }: Question): Promise<SourceStatus> {
  const { points, targets, protect, patience } = looking
  const found = points ? newestWith(points, holds) : undefined
  const changes = await patience
    .within(run => look(found?.manifest, found && new Date(found.manifest.takenAt), run))
    .catch((error: unknown) => unknownChanges(messageOf(error)))
  const newest = points?.complete.at(-1)
  const heldBy = points ? found?.heldBy : null
  return {
    ...source,
    inPoint: newest !== undefined && holds(newest.manifest),
    heldBy: heldBy ?? null,
    changes,
    ...(problem ? { problem: problem.text } : {}),
    ...judgeSource({ heldBy, changes, targets, protect, ...(problem ? { problem } : {}) }),
  }
}

function codeStatus(looking: Looking): Promise<SourceStatus> {
  const { project } = looking
  const detail = project.git ? `git work tree ${project.git.top}` : `folder ${project.root}`
  const look: Look = async (manifest, since, run) => {
    const { files, commits, stash, ...more } = await codeChanges(project, manifest?.code ?? undefined, since, run)
    if (files === null) return { ...unknownChanges('it has too many files for a quick look'), commits, ...more }
    return { changed: commits + files > 0 || stash, commits, files, stash, ...more }
  }
  return statusOf(looking, {
    ...{ source: { kind: 'code', name: 'code', what: 'code', detail }, look },
    holds: ({ code }) => code !== null,
  })
}

/** A point holds the configuration if it has any file of it, or there is none. */
async function configStatus(looking: Looking): Promise<SourceStatus> {
  const { project, points } = looking
  const newest = points?.complete.at(-1)
  const { files, added, changed } = await configChanges(project, newest?.manifest.config ?? [])
  const isNew = newest && newest.manifest.config.length > 0 && added.length > 0
  const detail = `${files} files${isNew ? `, of them new: ${added.join(', ')}` : ''}`
  const names = [...added, ...changed]
  const status = await statusOf(looking, {
    source: { kind: 'config', name: 'configuration', what: 'configuration', detail },
    holds: ({ config }) => config.length > 0 || files === 0,
    look: () => Promise.resolve({ changed: names.length > 0, names }),
  })
  // A secret that is in no point is lost with its file, however new the point is.
  const isMissing = status.heldBy !== null && added.length > 0
  const judged = isMissing ? { light: 'red' as const, fix: looking.protect } : {}
  return { ...status, ...judged, inPoint: status.inPoint && added.length === 0 }
}

const startDocker = process.platform === 'linux' ? 'sudo systemctl start docker' : 'docker desktop start'

/** Where the engine does not answer, nothing is known of what is in it. */
const engineProblem = ({ compose }: Project) =>
  compose && !compose.engineAnswers ? { text: 'the Docker engine does not answer', fix: startDocker } : undefined

function serverStatus(server: ProjectServer, looking: Looking): Promise<SourceStatus> {
  const { name, running, access } = server
  const detail = `PostgreSQL, ${server.foundBy}, on ${server.storedOn ?? 'no volume'}`
  const fix = `docker compose up --detach --wait ${name}`
  const text = 'it is not running, so its databases cannot be captured'
  const problem = access === 'url' || running ? undefined : (engineProblem(looking.project) ?? { text, fix })
  return statusOf(looking, {
    source: { kind: 'database', name, what: `database ${name}`, detail },
    holds: ({ servers, volumes }) =>
      servers.some(held => held.name === name) || volumes.some(({ server: of }) => of?.name === name),
    look: manifest => serverChanges(server, manifest, looking.lives.get(name)),
    ...(problem ? { problem } : {}),
  })
}

async function serverChanges(
  { name }: ProjectServer,
  manifest: Manifest | undefined,
  asked: Promise<ServerLife> | undefined,
): Promise<Changes> {
  if (!asked) return unknownChanges('it is not running')
  const life = await asked
  const held = manifest?.servers.find(server => server.name === name)
  if (!held) return unknownChanges('its point does not say how far it had come')
  if (held.server.systemIdentifier !== life.systemIdentifier)
    return { changed: true, why: 'it is another server than the one in the point' }
  const known = new Set([...held.databases, ...(held.closed ?? [])].map(database => database.name))
  const databases = life.databases.filter(database => !known.has(database))
  if (!held.activity) return { ...unknownChanges('its point does not say how far it had come'), databases }
  const { rows, walBytes } = writtenSince(held.activity, life.activity)
  const wrote = rows === null ? walBytes > 0 : rows > 0
  return { changed: wrote || databases.length > 0, rows, walBytes, databases }
}

function volumeStatus(volume: ProjectVolume, looking: Looking): Promise<SourceStatus> {
  const { key, exists, mounts } = volume
  const reachable = looking.project.compose?.foldersReachable
  const missing = { text: 'it does not exist yet', fix: 'docker compose up --detach --wait' }
  const problem = exists ? undefined : (engineProblem(looking.project) ?? missing)
  return statusOf(looking, {
    source: {
      ...{ kind: 'volume', name: key, what: `volume ${key}` },
      detail: mounts.map(({ service, target }) => `${service}:${target}`).join(', '),
    },
    holds: ({ volumes }) => volumes.some(held => held.key === key),
    look: async (manifest, since, run) => {
      const folder = volume.kind === 'bind' ? volume.name : reachable ? volume.mountpoint : undefined
      if (folder === undefined) return unknownChanges('its files cannot be looked at from here')
      const found = await filesSince(folder, since ?? new Date(0), run)
      if (!found) return unknownChanges('it has too many files for a quick look')
      const held = manifest?.volumes.find(one => one.key === key)
      const gone = held ? held.files - found.files : 0
      const files = Math.max(found.changed, gone)
      return { changed: files > 0, files }
    },
    ...(problem ? { problem } : {}),
  })
}
