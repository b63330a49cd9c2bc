import { manifest as manifestSchema, type Manifest } from '../../contract/manifest.ts'
import { RecoveryError } from '../domain/errors.ts'
import type { Snapshot, Vault } from '../../vault/index.ts'

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

/** The points of a vault, oldest first; of one project when its id is given. */
export async function listPoints(vault: Vault, projectId?: string): Promise<readonly RecoveryPoint[]> {
  const points: RecoveryPoint[] = []
  for (const snapshot of await vault.listSnapshots())
    if (isOurs(snapshot, projectId)) points.push({ snapshot, manifest: await readManifest(vault, snapshot) })
  return points
}

/**
 * One point by id, unique prefix, or 'latest'. Rejects with point-unknown when there is none, or when the
 * snapshot is not one of ours.
 */
export async function findPoint(vault: Vault, which: string, projectId?: string): Promise<RecoveryPoint> {
  const snapshot = await vault.findSnapshot(which, found => isOurs(found, projectId))
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
