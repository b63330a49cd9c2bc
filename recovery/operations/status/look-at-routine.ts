import type { Job, RunRecord } from '../../../contract/run-record.ts'
import type { Project } from '../../project/project.ts'
import { readHistory, runsOf } from '../routine/history.ts'
import { nextRuns, type JobStanding } from '../routine/next-runs.ts'
import { green, red, yellow, type Judged } from './light.ts'

/** How what shall run by itself does so, and how the last runs ended. */
export interface RoutineStatus extends Judged {
  /** Something keeps the schedule here. */
  readonly isKept: boolean
  readonly jobs: readonly JobStanding[]
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
  const jobs = nextRuns(project, history, now)
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
  return { isKept, jobs, failed, lastChecks: [...newestOfEach(checks).values()], ...judge(failed, jobs, isKept) }
}

const ended: ReadonlySet<RunRecord['outcome']> = new Set(['success', 'failed', 'interrupted'])

function newestOfEach(checks: readonly RunRecord[]): Map<string, RunRecord> {
  return new Map(checks.map(check => [check.vault ?? '', check]))
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
