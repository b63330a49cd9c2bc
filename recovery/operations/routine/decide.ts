import type { Job, RunRecord } from '../../../contract/run-record.ts'
import { runsOf, type History } from './history.ts'
import type { Schedule } from './schedule.ts'
import type { Timetable } from './timetable.ts'

/** A run that is to begin now. */
export interface DueRun {
  readonly job: Job
  readonly dueAt: Date
  readonly trigger: 'schedule' | 'catch-up'
}

/** Runs that were due, and that nothing makes up for. */
export interface MissedRuns {
  readonly job: Job
  readonly first: Date
  readonly last: Date
  /** At least so many. */
  readonly count: number
}

export interface Decision {
  readonly due: DueRun | undefined
  readonly missed: MissedRuns | undefined
}

export interface Moment {
  readonly now: Date
  /** Since when somebody has been watching without a gap. What was due before is caught up, or was missed. */
  readonly watchedSince: Date
}

// A run that falls, whenever it is begun, with the whole machine is not begun for ever.
const mostInterruptions = 2
// Another machine has the vault, or somebody restores something here: it is tried again, a little later each time.
const busyCodes: readonly unknown[] = ['vault-locked', 'target-exists']
const retryMs = [60_000, 120_000, 240_000, 480_000, 960_000]

/** What one job of the schedule asks for now, from its history alone: also after a crash, a reboot, or a long sleep. */
export function decide(job: Job, schedule: Schedule, history: History, moment: Moment): Decision {
  const { now, watchedSince } = moment
  const timetable = schedule.jobs.get(job)?.timetable
  const since = history.since.get(job)
  if (!timetable || !since) return { due: undefined, missed: undefined }
  const own = runsOf(history, job, now)
  const again = toRetry(own, now)
  if (again === 'later') return { due: undefined, missed: undefined }
  const open = openTimes(timetable, own, since, now)
  const last = open.times.at(-1)
  if (!last) return { due: firstBackup(job, own, now), missed: undefined }
  const isLate = last < watchedSince
  const isMadeUp = !isLate || schedule.catchUp || again === 'now'
  const missed = isMadeUp ? open.times.slice(0, -1) : open.times
  return {
    due: isMadeUp ? { job, dueAt: last, trigger: isLate ? 'catch-up' : 'schedule' } : undefined,
    missed: missedOf(job, missed),
  }
}

/** Since when a run has been due that nothing has served; undefined where none is. */
export function overdueSince(
  timetable: Timetable,
  history: History,
  { job, now }: { job: Job; now: Date },
): Date | undefined {
  const since = history.since.get(job)
  return since && openTimes(timetable, runsOf(history, job, now), since, now).times[0]
}

const openTimes = (timetable: Timetable, own: readonly RunRecord[], since: Date, now: Date) =>
  timetable.between(servedUntil(own, since), now)

/** A project that has no backup at all is not left without one until the next full hour. */
function firstBackup(job: Job, own: readonly RunRecord[], now: Date): DueRun | undefined {
  const begun = own.filter(({ outcome }) => outcome !== 'missed')
  const isFirst = job === 'backup' && begun.every(isInterrupted) && begun.length < mostInterruptions
  return isFirst ? { job, dueAt: now, trigger: 'catch-up' } : undefined
}

/** Everything that was due until then is done with, well or badly. */
function servedUntil(own: readonly RunRecord[], since: Date): Date {
  const times = own
    .filter(record => isServed(record, own))
    .map(({ dueAt, startedAt }) => Date.parse(dueAt ?? startedAt))
  return new Date(Math.max(since.getTime(), ...times))
}

function isServed(record: RunRecord, own: readonly RunRecord[]): boolean {
  // What somebody types may be of another vault, or of a part.
  if (record.dueAt === undefined) return false
  if (record.outcome === 'interrupted') return triesOf(record, own, isInterrupted).length >= mostInterruptions
  return !isBusy(record) || triesOf(record, own, isBusy).length > retryMs.length
}

const isInterrupted = ({ outcome }: RunRecord) => outcome === 'interrupted'
const isBusy = ({ outcome, error }: RunRecord) => outcome === 'failed' && busyCodes.includes(error?.code)

const triesOf = ({ dueAt }: RunRecord, own: readonly RunRecord[], which: (record: RunRecord) => boolean) =>
  own.filter(other => other.dueAt === dueAt && which(other))

/** Whether the last try found somebody in its way, and it is time for the next. */
function toRetry(own: readonly RunRecord[], now: Date): 'now' | 'later' | undefined {
  const last = own.at(-1)
  if (!last || !willBeRetried(last, own)) return undefined
  const waitMs = retryMs[triesOf(last, own, isBusy).length - 1] ?? 0
  return Date.parse(last.endedAt ?? last.startedAt) + waitMs > now.getTime() ? 'later' : 'now'
}

/** Whether a failed run was only in somebody's way, and will be tried again by itself. */
export const willBeRetried = (record: RunRecord, own: readonly RunRecord[]): boolean =>
  record.dueAt !== undefined && isBusy(record) && triesOf(record, own, isBusy).length <= retryMs.length

function missedOf(job: Job, times: readonly Date[]): MissedRuns | undefined {
  const [first, last] = [times[0], times.at(-1)]
  return first && last ? { job, first, last, count: times.length } : undefined
}
