import type { Job, RunRecord } from '../../../contract/run-record.ts'
import { readRuns } from '../../journal/run-history.ts'
import { readSince, type ScheduledSince } from '../../journal/scheduled-since.ts'

/** What ran in a project, and since when it is to run by itself. */
export interface History {
  /** By their start. */
  readonly runs: readonly RunRecord[]
  /** Empty: nothing has ever kept a schedule here. */
  readonly since: ScheduledSince
}

/** `root`: the project's. */
export const readHistory = async (root: string, now: Date): Promise<History> => ({
  runs: await readRuns(root, now),
  since: await readSince(root),
})

// What a clock says that was set a little differently is still the past.
const clocksDifferMs = 60_000

/** The runs of one job. What is said to have happened in the future was written while the clock was wrong, and counts for nothing. */
export const runsOf = ({ runs }: History, job: Job, now: Date): readonly RunRecord[] =>
  runs.filter(
    record => record.job === job && Date.parse(record.dueAt ?? record.startedAt) <= now.getTime() + clocksDifferMs,
  )
