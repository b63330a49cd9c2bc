import type { Manifest } from '../../../contract/manifest.ts'
import type { RecoveryPoint } from '../points.ts'

/** The newest point that has a thing. */
export interface HeldBy {
  readonly point: string
  readonly time: Date
  readonly ageMs: number
}

/** What status knows of the points of a project: complete ones of its own place, oldest first. */
export interface KnownPoints {
  readonly complete: readonly RecoveryPoint[]
  readonly now: Date
}

/** The newest of them that holds what is asked for. */
export function newestWith(
  { complete, now }: KnownPoints,
  holds: (manifest: Manifest) => boolean,
): { readonly heldBy: HeldBy; readonly manifest: Manifest } | undefined {
  const found = complete.findLast(({ manifest }) => holds(manifest))
  if (!found) return undefined
  const time = found.snapshot.time
  const heldBy = { point: found.snapshot.id, time, ageMs: Math.max(0, now.getTime() - time.getTime()) }
  return { heldBy, manifest: found.manifest }
}
