import { isNoTime, type KeepDuration } from './keep-duration.ts'

/** The stretches of the calendar of which one snapshot each is kept. */
export const keepPeriods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type KeepPeriod = (typeof keepPeriods)[number]

/** Which snapshots of a row are kept: restic's `forget --keep-…`. Whatever any of these keeps is kept. */
export interface KeepPolicy {
  /** How many: of the newest, and of the newest in each of the last hours, days, … that have any; -1: all. */
  readonly counts: Readonly<Partial<Record<'last' | KeepPeriod, number>>>
  /** Everything not older than this, counted back from the newest snapshot. */
  readonly within?: KeepDuration
  /** The newest in each hour, day, … so far back. */
  readonly withinEach: Readonly<Partial<Record<KeepPeriod, KeepDuration>>>
  /** Lists of tags: who has all of any list is kept; of the empty tag: who has none. */
  readonly tags: readonly (readonly string[])[]
}

/** Whether it says nothing at all, so that nothing would be kept. */
export const isEmptyPolicy = ({ counts, within, withinEach, tags }: KeepPolicy): boolean =>
  Object.values(counts).every(count => count === 0) &&
  (within === undefined || isNoTime(within)) &&
  Object.values(withinEach).every(isNoTime) &&
  tags.length === 0
