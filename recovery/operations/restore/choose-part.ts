import type { Manifest, ProjectFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Vault } from '../../../vault/index.ts'
import { isSameOrigin } from '../origin.ts'
import { findPoint, listPoints, shortId, type RecoveryPoint } from '../points.ts'
import { acceptsAll, assertSameProject, type Accepted } from './identity.ts'
import { safetyTag } from './safety-point.ts'

/** Which point a part comes from. */
export interface PointChoice {
  /** An id, the beginning of one, 'latest', or a time (ISO 8601, as Date reads it; local where it has no zone): the newest one until then. */
  readonly point: string
  readonly accept: Accepted
}

/**
 * The point that is meant, of this very project: by id any that holds the part, else the newest complete one until the
 * given time; safety points only by id. Rejects with point-unknown, and with target-mismatch when it is of another
 * project or host and nobody named that.
 */
export async function choosePart(
  vault: Vault,
  project: ProjectFacts,
  choice: PointChoice,
  part: { readonly what: string; readonly isIn: (manifest: Manifest) => boolean },
): Promise<RecoveryPoint> {
  const until = timeOf(choice.point)
  if (until === undefined) {
    const point = await findPoint(vault, choice.point)
    assertSameProject(point.manifest.project, project, choice.accept)
    if (part.isIn(point.manifest)) return point
    throw notIn(part.what, `point ${shortId(point.snapshot.id)}`)
  }
  const { points } = await listPoints(vault)
  const fitting = points.filter(({ snapshot, manifest }) => {
    const regular = manifest.state === 'complete' && !snapshot.tags.includes(safetyTag)
    return regular && snapshot.time <= until && part.isIn(manifest)
  })
  const accepted = fitting.filter(({ manifest }) => acceptsAll(manifest.project, project, choice.accept))
  // Who names a difference means a point that has it.
  const named = accepted.findLast(({ manifest }) => !acceptsAll(manifest.project, project, []))
  const own = accepted.findLast(({ manifest }) => isSameOrigin(manifest.project, project))
  const chosen = named ?? own ?? accepted.at(-1)
  if (chosen) return chosen
  const other = fitting.findLast(({ manifest }) => manifest.project.id === project.id)
  if (other) assertSameProject(other.manifest.project, project, choice.accept)
  throw notIn(
    part.what,
    choice.point === 'latest' ? 'any complete point of this project' : `any complete point until ${choice.point}`,
  )
}

const notIn = (what: string, where: string) =>
  new RecoveryError('point-unknown', `${what} is not in ${where}`, {
    hint: 'see what the points hold with: aidatavault points, aidatavault points show POINT',
  })

/** undefined: an id. */
function timeOf(point: string): Date | undefined {
  if (point === 'latest') return new Date(8.64e15)
  if (!/^\d{4}-\d\d-\d\d/.test(point)) return undefined
  // A bare date means its end: what was taken on that day counts.
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(point) ? `${point}T23:59:59.999` : point.replace(' ', 'T'))
  if (!Number.isNaN(time.getTime())) return time
  throw new RecoveryError('bad-input', `${point} is no time`, { hint: 'write it as 2026-03-01 or 2026-03-01T14:30' })
}
