import { manifest as manifestSchema, type Manifest, type ProjectFacts } from '../../contract/manifest.ts'
import { messageOf, RecoveryError } from '../domain/errors.ts'
import type { Snapshot, Vault } from '../../vault/index.ts'
import { isSameOrigin } from './origin.ts'

/** Every snapshot of ours carries it, so that plain restic snapshots in the same vault are told apart. */
export const ourTag = 'aidatavault'
const projectTagPrefix = 'project='
/** The tag that names the project's id. */
export const projectTag = (id: string): string => `${projectTagPrefix}${id}`

/** A recovery point: the snapshot and what its manifest says. */
export interface RecoveryPoint {
  readonly snapshot: Snapshot
  readonly manifest: Manifest
}

/** The first 8 hex digits, as restic shows ids. */
export const shortId = (id: string): string => id.slice(0, 8)

/** The project's id from the tags; undefined for snapshots that are none of ours. */
export const projectIdOf = (snapshot: Snapshot): string | undefined =>
  snapshot.tags.includes(ourTag)
    ? snapshot.tags.find(tag => tag.startsWith(projectTagPrefix))?.slice(projectTagPrefix.length)
    : undefined

const isOurs = (snapshot: Snapshot, projectId?: string): boolean => {
  const id = projectIdOf(snapshot)
  return id !== undefined && (projectId === undefined || id === projectId)
}

/** Reads and checks a point's manifest. Rejects with vault-damaged when it is not what we wrote. */
export async function readManifest(vault: Vault, snapshot: Snapshot): Promise<Manifest> {
  const pieces: Uint8Array[] = []
  for await (const piece of vault.readFile(snapshot, 'manifest.json')) pieces.push(piece)
  const parsed = manifestSchema.safeParse(parseJson(Buffer.concat(pieces).toString('utf8')))
  if (parsed.success) return parsed.data
  const where = parsed.error.issues[0]
  throw new RecoveryError(
    'vault-damaged',
    `the manifest of point ${shortId(snapshot.id)} cannot be understood: ${where?.path.join('.') ?? ''} ${where?.message ?? ''}`,
    { hint: 'a newer version of this program may have written it; its files can still be had with: restic restore' },
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A point that is there and cannot be understood, so that nothing can be recovered from it by this program. */
export interface UnreadablePoint {
  readonly id: string
  /** undefined: not even the snapshot can be read, nor whose it is. */
  readonly time?: Date
  readonly why: string
}

export interface PointList {
  /** Oldest first. */
  readonly points: readonly RecoveryPoint[]
  readonly unreadable: readonly UnreadablePoint[]
}

/** The points of a vault; of one project when its id is given. What is damaged is named, and hides none of the others. */
export async function listPoints(vault: Vault, projectId?: string): Promise<PointList> {
  const points: RecoveryPoint[] = []
  const unreadable: UnreadablePoint[] = []
  const damaged = (id: string, error: unknown) => void unreadable.push({ id, why: messageOf(error) })
  const own = (await vault.listSnapshots({ damaged })).filter(snapshot => isOurs(snapshot, projectId))
  for (let at = 0; at < own.length; at += atOnce)
    for (const found of await Promise.all(own.slice(at, at + atOnce).map(snapshot => readPoint(vault, snapshot)))) {
      if ('manifest' in found) points.push(found)
      else unreadable.push(found)
    }
  return { points, unreadable }
}

// Each waits for the storage a few times.
const atOnce = 16

async function readPoint(vault: Vault, snapshot: Snapshot): Promise<RecoveryPoint | UnreadablePoint> {
  try {
    return { snapshot, manifest: await readManifest(vault, snapshot) }
  } catch (error) {
    if (!isDamage(error)) throw error
    return { id: snapshot.id, time: snapshot.time, why: messageOf(error) }
  }
}

/** Whether an error tells of this one point, and not of the vault's place or of this run. */
export const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'vault-damaged' || error.code === 'file-missing')

/**
 * One point by id, unique prefix, or 'latest': the newest of the project when it is given, from its own place if it has
 * points from there. Rejects with point-unknown when there is none, or when the snapshot is not one of ours.
 */
export async function findPoint(vault: Vault, which: string, project?: ProjectFacts): Promise<RecoveryPoint> {
  if (which === 'latest') return newestPoint(await listPoints(vault, project?.id), project)
  const snapshot = await vault.findSnapshot(which)
  if (!isOurs(snapshot))
    throw new RecoveryError(
      'point-unknown',
      `snapshot ${shortId(snapshot.id)} is not a recovery point of this program`,
      {
        hint: 'list the points there are with: aidatavault points',
      },
    )
  return { snapshot, manifest: await readManifest(vault, snapshot) }
}

function newestPoint({ points, unreadable }: PointList, project: ProjectFacts | undefined): RecoveryPoint {
  const own = points.findLast(({ manifest }) => project && isSameOrigin(manifest.project, project))
  const newest = own ?? points.at(-1)
  if (newest) return newest
  throw noneLeft(unreadable) ?? unknownLatest()
}

/** What to reject with where every point there is cannot be read; undefined where there is none. */
export function noneLeft([first]: readonly UnreadablePoint[]): RecoveryError | undefined {
  if (!first) return undefined
  return new RecoveryError(
    'vault-damaged',
    `no point of the vault can be read; of ${shortId(first.id)}: ${first.why}`,
    {
      hint: 'see what is damaged with: aidatavault check',
    },
  )
}

const unknownLatest = () =>
  new RecoveryError('point-unknown', 'the vault has no recovery point that fits', {
    hint: 'list the ones there are with: aidatavault points',
  })
