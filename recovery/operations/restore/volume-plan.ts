import fs from 'node:fs/promises'
import path from 'node:path'
import type { Manifest, VolumeFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Project, ProjectVolume } from '../../project/project.ts'
import { compareVolume } from '../../sources/volume/index.ts'
import type { RecoveryPoint } from '../points.ts'
import { pointReader } from '../point-reader.ts'
import type { Obstacle } from '../recover/plan.ts'
import { withSharers } from '../quiet/service-order.ts'
import { choosePart, type PointChoice } from './choose-part.ts'
import { assertSameSystem, type Accepted } from './identity.ts'
import { keepUntil } from './keep-until.ts'
import type { Restoration } from './restoration.ts'
import type { RestorePlan } from './restore-plan.ts'
import { livingIdentifier } from './server-runs.ts'
import { factsFor, imagesFor } from './volume-place.ts'

export interface VolumeRequest extends PointChoice {
  /** Compose's key, the engine's name, or the path of a bind mount (relative to the project's folder). */
  readonly volume: string
  /** Instead of the project's own: a new volume of this name, or a new folder where there is a slash in it. */
  readonly into?: string
  /** Names every file that would change: both sides are read whole. */
  readonly compare?: boolean
}

/** Where it goes. */
export interface VolumeDestination {
  readonly kind: 'volume' | 'bind'
  /** The engine's name, or an absolute path. */
  readonly name: string
  readonly exists: boolean
  readonly isFile: boolean
  /** Reached through one of these, where its folder cannot be reached. */
  readonly images: readonly string[]
}

export interface VolumePlan extends RestorePlan {
  readonly from: RecoveryPoint
  readonly facts: VolumeFacts
  readonly destination: VolumeDestination
  /** A new one beside the project's own. */
  readonly isBeside: boolean
  /** The PostgreSQL server whose files these are; null: none. */
  readonly server: string | null
}

/** Makes the plan. Rejects with bad-input when no volume is meant, and as choosePart does. */
export async function planVolume(request: VolumeRequest, restoration: Restoration): Promise<VolumePlan> {
  const { project, vault } = restoration
  const isIn = (manifest: Manifest) => factsIn(manifest, project, request.volume) !== undefined
  const what = `volume ${request.volume}`
  const from = await choosePart(vault, project.facts, request, { what, isIn }).catch((error: unknown) => {
    throw withServerHint(error, livingVolume(project, request.volume))
  })
  const facts = factsIn(from.manifest, project, request.volume)!
  const living = livingVolume(project, request.volume) ?? livingVolume(project, facts.key)
  if (request.into !== undefined) return planBeside(from, facts, request.into, restoration)
  if (!living)
    throw new RecoveryError('bad-input', `this project has no volume ${facts.key} any more`, {
      hint: 'bring it back beside with --into NAME, or put it into the compose file first',
    })
  return planInPlace(from, facts, living, request, restoration)
}

/** As the user names it: by key, by the engine's name, by path. */
export const livingVolume = (project: Project, word: string): ProjectVolume | undefined =>
  project.volumes.find(({ key }) => key === word) ??
  project.volumes.find(({ name }) => name === word) ??
  project.volumes.find(({ kind, name }) => kind === 'bind' && name === path.resolve(project.directory, word))

/** By the key that it has in the living project; the point's own name may be that of another project. */
function factsIn({ volumes }: Manifest, project: Project, word: string): VolumeFacts | undefined {
  const key = livingVolume(project, word)?.key ?? word
  return volumes.find(facts => facts.key === key) ?? volumes.find(({ name }) => name === word)
}

function withServerHint(error: unknown, living: ProjectVolume | undefined): unknown {
  const isMissing = error instanceof RecoveryError && error.code === 'point-unknown'
  if (!isMissing || !living || living.holdsServer === null) return error
  const hint = `it holds the files of PostgreSQL ${living.holdsServer}, which are in points of: aidatavault backup --cold; its databases are in every other point: aidatavault restore database ${living.holdsServer}`
  return new RecoveryError(error.code, error.message, { hint, cause: error })
}

async function planBeside(
  from: RecoveryPoint,
  facts: VolumeFacts,
  into: string,
  { project, tools, run }: Restoration,
): Promise<VolumePlan> {
  const isFolder = facts.isFile || into.includes('/') || into === '.' || into === '..'
  const name = isFolder ? path.resolve(into) : into
  const exists = isFolder ? await isThere(name) : (await tools.engine.inspectVolume(name, run)) !== undefined
  return {
    ...shared(from, facts),
    ...{ from, facts, isBeside: true, server: null },
    destination: {
      ...{ kind: isFolder ? 'bind' : 'volume', name, exists: false, isFile: facts.isFile },
      images: imagesFor(project, undefined, facts),
    },
    changes: [[`${isFolder ? '' : 'volume '}${name}`, `new, with ${contentText(facts)}`]],
    ...{ stops: [], downtime: 'none', keeps: [], safety: null, destructive: false },
    obstacles: exists ? [existsAlready(name)] : [],
  }
}

async function planInPlace(
  from: RecoveryPoint,
  facts: VolumeFacts,
  living: ProjectVolume,
  { compare, accept }: VolumeRequest,
  restoration: Restoration,
): Promise<VolumePlan> {
  const { project, run } = restoration
  await assertServer(facts, living, accept, restoration)
  const kind = living.kind === 'bind' ? ('bind' as const) : ('volume' as const)
  const destination = {
    ...{ kind, name: living.name, exists: living.exists, isFile: living.isFile || (!living.exists && facts.isFile) },
    images: imagesFor(project, living, facts),
  }
  const keeps = living.exists ? [`what ${living.key} holds now, until ${keepUntil({ project, run }).slice(0, 10)}`] : []
  return {
    ...shared(from, facts),
    ...{ from, facts, destination, isBeside: false, server: living.holdsServer },
    changes: await changesOf(from, facts, destination, compare ?? false, restoration),
    stops: servicesOn(project, living),
    downtime: 'while two volumes change places, and the services stop and start',
    keeps,
    safety: living.exists ? { volumes: [living.key] } : null,
    destructive: living.exists,
    obstacles: await obstaclesTo(facts, living),
  }
}

/** The files of a server take the place of those of the same one only, unless the difference is named. */
async function assertServer(
  { server }: VolumeFacts,
  living: ProjectVolume,
  accept: Accepted,
  restoration: Restoration,
): Promise<void> {
  const point = server?.systemIdentifier
  if (!point || living.holdsServer === null || !living.exists) return
  const found = await livingIdentifier(living.holdsServer, living, restoration)
  if (found !== null) assertSameSystem(living.holdsServer, point, found, accept)
}

const shared = ({ snapshot, manifest }: RecoveryPoint, facts: VolumeFacts) => ({
  kind: 'volume' as const,
  what: `${facts.kind === 'bind' ? 'bind mount' : 'volume'} ${facts.key}`,
  point: { id: snapshot.id, takenAt: manifest.takenAt },
})

const contentText = ({ files, bytes }: VolumeFacts) =>
  `what the point has (${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes)`

/** Running ones that mount it, or a folder in it, or one that it lies in. */
export function servicesOn(project: Project, living: ProjectVolume): string[] {
  const isInside = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}${path.sep}`)
  const related = project.volumes.filter(
    ({ kind, name }) =>
      name === living.name ||
      (living.kind === 'bind' && kind === 'bind' && (isInside(name, living.name) || isInside(living.name, name))),
  )
  const mounting = related.flatMap(({ mounts }) => mounts.map(({ service }) => service))
  const users = new Set(project.compose ? withSharers(project.compose.model, mounting) : [])
  return project.services.filter(({ name, running }) => running && users.has(name)).map(({ name }) => name)
}

async function changesOf(
  { snapshot }: RecoveryPoint,
  facts: VolumeFacts,
  destination: VolumeDestination,
  compare: boolean,
  { vault, tools, run }: Restoration,
): Promise<RestorePlan['changes']> {
  if (!destination.exists) return [[destination.name, `made anew, with ${contentText(facts)}`]]
  if (!compare) return [[destination.name, `${contentText(facts)} takes the place of what is there`]]
  const reader = pointReader(vault, snapshot, `comparison of ${facts.key}`, run)
  const target = { name: destination.name, image: destination.images[0] }
  const differences = await compareVolume(factsFor(facts, destination.kind), target, tools.engine, reader, run)
  const shown = differences.slice(0, mostShown)
  const more = differences.length - shown.length
  return [
    ...shown.map(({ path: file, what }) => [file || 'the folder itself', changeText(what)] as const),
    ...(more > 0 ? [[`${more} more`, 'different'] as const] : []),
  ]
}

/** What a difference between the point and here means for what is here. */
function changeText(what: string): string {
  if (what === 'unexpected') return 'goes away: the point does not have it'
  if (what === 'missing') return 'comes back'
  return what.replace(/^mtime: .*/s, 'gets its earlier time back')
}

// What nobody reads to the end.
const mostShown = 50

async function obstaclesTo(facts: VolumeFacts, living: ProjectVolume): Promise<Obstacle[]> {
  const hint = 'bring it back beside with --into NAME, and look'
  if ((facts.kind === 'bind') !== (living.kind === 'bind') || (living.exists && facts.isFile !== living.isFile)) {
    const message = `${facts.key} was a ${kindText(facts)} when the point was taken, and is a ${kindText(living)} now`
    return [{ code: 'target-mismatch', message, hint }]
  }
  if (living.kind !== 'bind' || !living.exists || !(await isMountPoint(living.name))) return []
  const message = `a disk is mounted at ${living.name} itself, so that nothing else can take its place at one instant`
  return [{ code: 'preflight-failed', message, hint }]
}

const kindText = ({ kind, isFile }: Pick<VolumeFacts, 'kind' | 'isFile'>) =>
  kind === 'bind' ? `mounted ${isFile ? 'file' : 'folder'}` : 'volume'

const isMountPoint = async (place: string) =>
  (await fs.stat(place)).dev !== (await fs.stat(path.dirname(await fs.realpath(place)))).dev

const existsAlready = (name: string): Obstacle => ({
  code: 'target-exists',
  message: `${name} exists already; what is brought back beside never goes into what is there`,
  hint: 'choose another name',
})

const isThere = (file: string) =>
  fs.lstat(file).then(
    () => true,
    () => false,
  )
