import type { Run } from '../domain/run.ts'
import type { Kept } from '../journal/restore-journal.ts'
import type { Project } from '../project/project.ts'
import { configPath } from '../sources/config/index.ts'
import { configToCapture } from '../sources/elsewhere.ts'
import { volumesToCapture } from '../sources/volume/index.ts'
import type { Vault } from '../../vault/index.ts'
import { isSameOrigin } from './origin.ts'
import { interruptedRestores, keptThings } from './restore/settle.ts'
import { listPoints, type RecoveryPoint, type UnreadablePoint } from './points.ts'

/** How well one thing of the project is protected. */
export interface SourceStatus {
  readonly what: string
  /** In the newest complete point. */
  readonly inPoint: boolean
  /** Said of it: what it is, or what is wrong with it. */
  readonly detail: string
  /** What is wrong and keeps the next backup from taking it; undefined if nothing is. */
  readonly problem?: string
}

export interface Status {
  readonly project: Project
  /** Of this project in this folder on this machine, complete. */
  readonly newest: RecoveryPoint | undefined
  readonly points: number
  /** The project's points from other folders and machines, oldest first. */
  readonly elsewhere: readonly RecoveryPoint[]
  readonly unreadable: readonly UnreadablePoint[]
  readonly ageMs: number | undefined
  readonly sources: readonly SourceStatus[]
  /** Belongs to the project and is protected by nothing. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[]
  /** Restores that a kill cut off, or that are at work: what, and at which step. */
  readonly interrupted: readonly { readonly what: string; readonly step: string }[]
  /** Old databases, volumes and files that restores have put aside, and until when. */
  readonly kept: readonly Kept[]
}

/** What is protected, since when, and what is not. `vault` is undefined where the project has none yet. */
export async function projectStatus(project: Project, vault: Vault | undefined, run: Run): Promise<Status> {
  const { points: all, unreadable } = vault ? await listPoints(vault, project.facts.id) : { points: [], unreadable: [] }
  const points = all.filter(({ manifest }) => isSameOrigin(manifest.project, project.facts))
  const newest = points.findLast(({ manifest }) => manifest.state === 'complete')
  return {
    project,
    newest,
    points: points.length,
    elsewhere: all.filter(point => !points.includes(point)),
    unreadable,
    ageMs: newest && run.clock.now().getTime() - newest.snapshot.time.getTime(),
    sources: sourcesOf(project, newest),
    leftOut: project.leftOut,
    interrupted: (await interruptedRestores(project.root)).map(({ record: { what, step } }) => ({ what, step })),
    kept: (await keptThings(project.root)).map(({ kept }) => kept),
  }
}

function sourcesOf(project: Project, newest: RecoveryPoint | undefined): SourceStatus[] {
  const held = newest?.manifest
  const code = {
    what: 'code',
    inPoint: Boolean(held?.code),
    detail: project.git ? `git work tree ${project.git.top}` : `folder ${project.root}`,
  }
  const config = configStatus(project, new Set(held?.config.map(({ path }) => path)))
  const servers = project.servers.map(server => ({
    what: `database ${server.name}`,
    inPoint: Boolean(
      held?.servers.some(({ name }) => name === server.name) ||
      held?.volumes.some(({ server: of }) => of?.name === server.name),
    ),
    detail: `PostgreSQL, ${server.foundBy}, on ${server.storedOn ?? 'no volume'}`,
    ...(server.running ? {} : { problem: 'it is not running, so its databases cannot be captured' }),
  }))
  const volumes = volumesToCapture(project).map(volume => ({
    what: `volume ${volume.key}`,
    inPoint: Boolean(held?.volumes.some(({ key }) => key === volume.key)),
    detail: volume.mounts.map(({ service, target }) => `${service}:${target}`).join(', '),
    ...(volume.exists ? {} : { problem: 'it does not exist yet' }),
  }))
  return [code, config, ...servers, ...volumes]
}

/** `held` are the files of the newest point. What a captured folder brings back belongs to that folder. */
function configStatus(project: Project, held: ReadonlySet<string>): SourceStatus {
  const paths = configToCapture(project).map(({ path }) => configPath(project.root, path))
  const missing = paths.filter(path => !held.has(path))
  const detail = `${paths.length} files${missing.length > 0 && held.size > 0 ? `, of them new: ${missing.join(', ')}` : ''}`
  return { what: 'configuration', inPoint: missing.length === 0, detail }
}
