import type { Job, RunRecord } from '../../../contract/run-record.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Project } from '../../project/project.ts'
import { readHistory, runsOf } from '../routine/history.ts'
import { nextRuns, type JobStanding } from '../routine/next-runs.ts'
import { green, red, yellow, type Judged } from './light.ts'

/** How what shall run by itself does so, and how the last runs ended. */
export interface RoutineStatus extends Judged {
  /** Something keeps the schedule here. */
  readonly isKept: boolean
  readonly jobs: readonly JobStanding[]
  /** Why nobody knows what is due, such as a schedule that makes no sense; null: all is known. */
  readonly problem: string | null
  /** Jobs whose last run failed, or was cut off. */
  readonly failed: readonly RunRecord[]
  /** The last check that came to an end, of any of the vaults. */
  readonly lastChecks: readonly RunRecord[]
}

// The proof of drills and the vaults' lines tell of the other two.
const told: readonly Job[] = ['backup', 'copy', 'retain']

/** Reads what is written down in the project's folder. `newest`: when the newest complete point was taken. */
export async function lookAtRoutine(project: Project, newest: Date | undefined, now: Date): Promise<RoutineStatus> {
  const history = await readHistory(project.root, now)
  const { jobs, problem } = standings(project, history, now)
  const lastOf = (job: Job) => runsOf(history, job, now).findLast(({ outcome }) => ended.has(outcome))
  const failed = told.flatMap(job => {
    const last = lastOf(job)
    if (!last || last.outcome === 'success') return []
    // Who typed it has seen it fail, and it may have been meant for another vault.
    if (job !== 'backup' && last.trigger === 'command') return []
    // It took its point all the same, or somebody else has since: what that lacks, the vaults' lines tell.
    const isMended = job === 'backup' && newest !== undefined && newest.getTime() >= Date.parse(last.startedAt)
    return isMended ? [] : [last]
  })
  const isKept = jobs.some(job => job.isKept)
  const checks = runsOf(history, 'check', now).filter(({ outcome }) => outcome === 'success' || outcome === 'failed')
  const judged = problem === null ? judge(failed, jobs, isKept) : red('aidatavault run --plan')
  return { isKept, jobs, problem, failed, lastChecks: newestOfEach(checks), ...judged }
}

/** Where the run history cannot be read. */
export const unreadableRoutine = (error: unknown): RoutineStatus => ({
  ...{ isKept: false, jobs: [], problem: messageOf(error), failed: [], lastChecks: [] },
  ...yellow('aidatavault runs'),
})

/** A schedule that makes no sense is kept by nobody, and would else go unnoticed. */
function standings(...[project, history, now]: Parameters<typeof nextRuns>): Pick<RoutineStatus, 'jobs' | 'problem'> {
  try {
    return { jobs: nextRuns(project, history, now), problem: null }
  } catch (error) {
    return { jobs: [], problem: messageOf(error) }
  }
}

const ended: ReadonlySet<RunRecord['outcome']> = new Set(['success', 'failed', 'interrupted'])

/** How a check went in each vault that it was meant for. */
export const checkedVaults = ({ vault = '', vaults, outcome }: RunRecord): NonNullable<RunRecord['vaults']> =>
  vaults ?? [{ vault, ok: outcome === 'success' }]

/** The last check of each vault, oldest first. */
function newestOfEach(checks: readonly RunRecord[]): RunRecord[] {
  const newest = new Map(checks.flatMap(check => checkedVaults(check).map(({ vault }) => [vault, check] as const)))
  return checks.filter(check => [...newest.values()].includes(check))
}

function judge(failed: readonly RunRecord[], jobs: readonly JobStanding[], isKept: boolean): Judged {
  const broken = failed.find(({ outcome }) => outcome === 'failed')
  if (broken) return red(`aidatavault ${broken.job}`)
  const late = jobs.find(({ overdue }) => overdue)
  if (late) return red(`aidatavault ${late.job}`)
  const cut = failed[0]
  if (cut) return yellow(`aidatavault ${cut.job}`)
  // A backup that somebody has to remember.
  return isKept ? green : yellow('aidatavault run --plan')
}
