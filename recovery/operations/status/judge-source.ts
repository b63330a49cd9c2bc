import type { Targets } from '../targets.ts'
import { green, red, yellow, type Judged } from './light.ts'
import type { HeldBy } from './point-of.ts'

/** What a source has that its newest point lacks. Fields that a kind of source does not have are absent. */
export interface Changes {
  /** false: the point has everything. null: nobody knows, and `why` says why. */
  readonly changed: boolean | null
  readonly why?: string
  /** Code: commits that no point has; `unpushed` of them no remote has either. */
  readonly commits?: number
  readonly unpushed?: number
  /** Code, volumes: files that changed since; code: in no commit. */
  readonly files?: number
  /** Code: files in no commit, whether the point has them or not. */
  readonly uncommitted?: number
  /** Code: a stash that no point has. */
  readonly stash?: boolean
  /** Databases: rows inserted, updated, deleted; null: its statistics were reset. */
  readonly rows?: number | null
  readonly walBytes?: number
  /** Databases that are in no point. */
  readonly databases?: readonly string[]
  /** Configuration: files that are new, or hold something else. */
  readonly names?: readonly string[]
}

export const unknownChanges = (why: string): Changes => ({ changed: null, why })

const dayMs = 86_400_000
// Where nobody said how old a point may be: a day is nothing to worry about, a week is.
const usual = { fineMs: dayMs, badMs: 7 * dayMs }

export interface Circumstances {
  /** undefined: no point has it. null: nobody could look into the vault. */
  readonly heldBy: HeldBy | undefined | null
  readonly changes: Changes
  /** Keeps the next backup from taking it; with what mends that. */
  readonly problem?: { readonly fix: string }
  readonly targets: Targets
  /** What makes a point. */
  readonly protect: string
}

/** The light of one source: by its newest point's age against the target, and by whether anything has changed since at all. */
export function judgeSource({ heldBy, changes, problem, targets, protect }: Circumstances): Judged {
  if (heldBy === null) return yellow()
  if (heldBy === undefined) return red(problem?.fix ?? protect)
  if (problem) return yellow(problem.fix)
  const isLost = changes.changed !== false
  if (!isLost || heldBy.ageMs <= (targets.rpoMs ?? usual.fineMs)) return green
  return targets.rpoMs !== null || heldBy.ageMs > usual.badMs ? red(protect) : yellow(protect)
}
