import type { SourceStatus } from './look-at-sources.ts'
import type { ProofStatus } from './look-at-proof.ts'

/** What would be lost if the project were gone now, and how long it would take to have it back. */
export interface Verdict {
  /** no vault: everything. unknown: nobody could look into a vault. points: what came after them. */
  readonly loses: 'everything' | 'unknown' | 'since the points'
  /** Sources that are in no point at all. */
  readonly whole: readonly string[]
  /** Commits that neither a point nor a remote has. */
  readonly commits: number
  /** Files of the code in no commit, and of volumes. */
  readonly codeFiles: number
  readonly volumeFiles: number
  readonly configFiles: number
  readonly rows: number
  readonly walBytes: number
  readonly databases: readonly string[]
  /** Of which it is not known what has changed. */
  readonly unknown: readonly string[]
  /** The oldest of the points that something is lost since, in milliseconds; null: none. */
  readonly sinceMs: number | null
  readonly recovery: { readonly ms: number; readonly measuredAt: Date } | null
}

export function verdictOf(
  sources: readonly SourceStatus[],
  has: { readonly vault: boolean; readonly points: boolean },
  proof: ProofStatus | null,
): Verdict {
  const held = sources.filter(({ heldBy }) => heldBy !== null)
  const changed = held.filter(({ changes }) => changes.changed)
  const sum = (count: (source: SourceStatus) => number | null | undefined) =>
    changed.reduce((total, source) => total + (count(source) ?? 0), 0)
  const isVolume = ({ kind }: SourceStatus) => kind === 'volume'
  return {
    loses: !has.vault || (has.points && held.length === 0) ? 'everything' : has.points ? 'since the points' : 'unknown',
    whole: has.points ? sources.filter(({ heldBy }) => heldBy === null).map(({ what }) => what) : [],
    commits: sum(({ changes }) => changes.unpushed),
    codeFiles: sum(source => (isVolume(source) ? 0 : source.changes.files)),
    volumeFiles: sum(source => (isVolume(source) ? source.changes.files : 0)),
    configFiles: sum(({ changes }) => changes.names?.length),
    rows: sum(({ changes }) => changes.rows),
    walBytes: sum(({ changes }) => changes.walBytes),
    databases: changed.flatMap(({ changes }) => changes.databases ?? []),
    unknown: held.filter(({ changes }) => changes.changed === null).map(({ what }) => what),
    sinceMs: changed.length > 0 ? Math.max(...changed.map(({ heldBy }) => heldBy?.ageMs ?? 0)) : null,
    recovery: proof?.proof ? { ms: proof.proof.recoveryMs, measuredAt: proof.proof.provedAt } : null,
  }
}
