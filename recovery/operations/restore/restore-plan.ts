import type { RestoreKind } from '../../journal/restore-journal.ts'
import type { Obstacle } from '../recover/plan.ts'
import type { SafetySelection } from './safety-point.ts'

/** What a restore will do, made before it does anything; each kind has more of its own beside it. */
export interface RestorePlan {
  readonly kind: RestoreKind
  /** For people: 'database db/app'. */
  readonly what: string
  /** null: from a file. */
  readonly point: { readonly id: string; readonly takenAt: string } | null
  /** Row by row for people: what, and how it changes: ['public.notes', '120 rows now, 118 in the point']. */
  readonly changes: readonly (readonly [what: string, change: string])[]
  /** Services that will be stopped, and in words for how long. */
  readonly stops: readonly string[]
  readonly downtime: string
  /** In words: what old thing stays, under which name, and how long. */
  readonly keeps: readonly string[]
  /** What the safety point will hold; null: none, since nothing is overwritten or the user left it out. */
  readonly safety: SafetySelection | null
  /** Overwrites something: it is asked about. */
  readonly destructive: boolean
  readonly obstacles: readonly Obstacle[]
}
