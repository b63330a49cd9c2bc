import type { Manifest } from '../../../contract/manifest.ts'
import { applyPolicy, type KeepPolicy, type Snapshot } from '../../../vault/index.ts'
import { originKey } from '../origin.ts'
import type { RecoveryPoint } from '../points.ts'
import { safetyTag } from '../restore/safety-point.ts'

/** What a point is to who thins them out. Foreign: a snapshot that is none of ours. */
export type PointKind = 'complete' | 'incomplete' | 'safety' | 'imported' | 'foreign'

/** What becomes of a point, and why. */
export interface PointDecision {
  readonly snapshot: Snapshot
  /** null: none of ours. */
  readonly manifest: Manifest | null
  readonly kind: PointKind
  /** Empty: it goes. */
  readonly reasons: readonly string[]
}

/** What is known besides the points themselves. */
export interface Choosing {
  readonly policy: KeepPolicy
  readonly now: Date
  /** Points that a drill has proved. */
  readonly proven: { has(id: string): boolean }
  /** Points that something half-done, or an undo, needs, with what it is. */
  readonly needed: ReadonlyMap<string, string>
  /** How long a safety point is kept. */
  readonly safetyMs: number
  /** Whether the policy is for imported points, too; else they stay. */
  readonly imported: boolean
}

/**
 * Decides for points of one project, or of several, oldest first. Points compete with those of their own place alone
 * (machine, folder, Compose's name), complete ones with complete ones, and others with those that hold the same parts. Whatever
 * the policy says, of each row the newest stays, and in each place the newest that a drill has proved.
 */
export function choosePoints(points: readonly RecoveryPoint[], choosing: Choosing): PointDecision[] {
  const places = Map.groupBy(points, ({ manifest }) => originKey({ ...manifest.project, id: '' }) + manifest.project.id)
  const decisions = [...places.values()].flatMap(place => choosePlace(place, choosing))
  return decisions.toSorted((a, b) => a.snapshot.time.getTime() - b.snapshot.time.getTime())
}

/** The same for snapshots of plain restic: in restic's own groups, by host and paths. */
export function chooseForeign(snapshots: readonly Snapshot[], choosing: Choosing): PointDecision[] {
  const groups = Map.groupBy(snapshots, ({ hostname, paths }) => JSON.stringify([hostname, paths.toSorted()]))
  return [...groups.values()].flatMap(group =>
    chooseRow(group, choosing).map(({ snapshot, reasons }) => ({ snapshot, manifest: null, kind: 'foreign', reasons })),
  )
}

export function kindOf({ snapshot: { tags }, manifest }: RecoveryPoint): Exclude<PointKind, 'foreign'> {
  if (tags.includes(safetyTag)) return 'safety'
  if (tags.includes('import')) return 'imported'
  return manifest.state
}

function choosePlace(points: readonly RecoveryPoint[], choosing: Choosing): PointDecision[] {
  const lastProven = points.findLast(({ snapshot }) => choosing.proven.has(snapshot.id))?.snapshot.id
  const rows = Map.groupBy(points, point =>
    kindOf(point) === 'complete' ? 'complete' : `${kindOf(point)} ${holds(point)}`,
  )
  return [...rows.values()].flatMap(row => {
    const manifests = new Map(row.map(({ snapshot, manifest }) => [snapshot.id, manifest]))
    const kind = kindOf(row[0]!)
    return reasonsOf(
      row.map(({ snapshot }) => snapshot),
      kind,
      choosing,
    ).map(({ snapshot, reasons }) => {
      const needed = choosing.needed.get(snapshot.id)
      const more = [...(snapshot.id === lastProven ? ['last proven point'] : []), ...(needed ? [needed] : [])]
      return { snapshot, manifest: manifests.get(snapshot.id)!, kind, reasons: [...reasons, ...more] }
    })
  })
}

type Reasons = { readonly snapshot: Snapshot; readonly reasons: readonly string[] }

function reasonsOf(row: readonly Snapshot[], kind: PointKind, choosing: Choosing): readonly Reasons[] {
  if (kind === 'safety') return safetyReasons(row, choosing)
  if (kind === 'imported' && !choosing.imported) return row.map(snapshot => ({ snapshot, reasons: ['imported'] }))
  return chooseRow(row, choosing, kind === 'complete' ? 'last complete point' : 'newest of its kind')
}

/** restic refuses to empty a row; here its newest stays. */
function chooseRow(row: readonly Snapshot[], { policy, now }: Choosing, newest = 'newest of its kind'): Reasons[] {
  return applyPolicy(row, policy, { now: now.getTime() }).map(({ snapshot, reasons }, at) => ({
    snapshot,
    reasons: at === 0 && reasons.length === 0 ? [newest] : reasons,
  }))
}

/** They count for no day or week; they go when what they were taken for is no longer kept. A tag that keeps, keeps them, too. */
function safetyReasons(row: readonly Snapshot[], { policy, now, safetyMs }: Choosing): Reasons[] {
  const tagged = applyPolicy(row, { counts: {}, withinEach: {}, tags: policy.tags }, { now: now.getTime() })
  return tagged.map(({ snapshot, reasons }) => {
    const until = new Date(snapshot.time.getTime() + safetyMs)
    return {
      snapshot,
      reasons: until > now ? [`safety point, until ${until.toISOString().slice(0, 16)}Z`, ...reasons] : reasons,
    }
  })
}

/** The parts that a point has, as one text. */
const holds = ({ manifest: { code, config, servers, volumes } }: RecoveryPoint): string =>
  JSON.stringify([
    code !== null,
    config.length > 0,
    servers.map(({ name }) => name).toSorted(),
    volumes.map(({ key }) => key).toSorted(),
  ])
