import type { Config } from '../../../contract/config.ts'
import type { Job, RunRecord } from '../../../contract/run-record.ts'
import { overdueSince } from './decide.ts'
import { runsOf, type History } from './history.ts'
import { readSchedule } from './schedule.ts'

/** How one job of the schedule stands. */
export interface JobStanding {
  readonly job: Job
  /** When it is due next; undefined: never again. */
  readonly next: Date | undefined
  /** When its last success began. */
  readonly lastSuccess: Date | undefined
  /** The last run that began, however it ended. */
  readonly last: RunRecord | undefined
  /** It was due, and nothing has run since, nor runs. Never true where nothing keeps the schedule (`isKept`). */
  readonly overdue: boolean
  /** Since when, where it is overdue. */
  readonly dueSince: Date | undefined
  /** Whether `run` has taken up this job here. */
  readonly isKept: boolean
}

// A scheduler that looks, and a job that begins, may take so long: `run --once` is called every few minutes.
const patienceMs = 30 * 60_000

/**
 * The jobs of the project's schedule (of the default one, where its aidatavault.yml has none), in the order in which they
 * run. `history`: from readHistory. Rejects with project-invalid a schedule that is none.
 */
export function nextRuns(
  project: { readonly config: Config; readonly root: string },
  history: History,
  now: Date,
): readonly JobStanding[] {
  const schedule = readSchedule(project.config, project.root)
  return [...schedule.jobs].map(([job, { timetable }]) => {
    const own = runsOf(history, job, now)
    const open = overdueSince(timetable, history, { job, now })
    const dueSince = open && now.getTime() - open.getTime() > patienceMs ? open : undefined
    const success = own.findLast(({ outcome }) => outcome === 'success')
    return {
      job,
      next: timetable.next(now),
      lastSuccess: success && new Date(success.startedAt),
      last: own.findLast(({ outcome }) => outcome !== 'missed'),
      overdue: dueSince !== undefined,
      dueSince,
      isKept: history.since.has(job),
    }
  })
}
