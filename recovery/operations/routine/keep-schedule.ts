import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { RunRecord } from '../../../contract/run-record.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { withFileLock } from '../../journal/file-lock.ts'
import { endUnseenRuns, newRunId } from '../../journal/run-history.ts'
import { keepSince } from '../../journal/scheduled-since.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import { decide, willBeRetried, type Decision, type DueRun, type MissedRuns, type Moment } from './decide.ts'
import { endOfRun, type JobEnd } from './end-of-run.ts'
import type { History } from './history.ts'
import { KeptHistory } from './kept-history.ts'
import { harmless, previousOf, type RunObserver } from './run-observer.ts'
import type { Schedule } from './schedule.ts'
import { Watch, type Timer } from './watch.ts'

/** What keeping a schedule needs. */
export interface Routine {
  /** The project's whole folder. */
  readonly root: string
  /** As aidatavault.yml has it now. It is asked again and again. */
  schedule(): Promise<Schedule>
  /** Runs the job to its end, and ends it in order when the signal aborts. It writes its own end down. */
  start(record: RunRecord, signal: AbortSignal): Promise<JobEnd>
  readonly observer: RunObserver
  readonly timer: Timer
  /** A word for whoever looks on. */
  tell(event: RoutineEvent): void
}

export type RoutineEvent =
  | { readonly kind: 'starts' | 'ended' | 'missed'; readonly record: RunRecord }
  /** It will be tried again by itself. */
  | { readonly kind: 'retries'; readonly record: RunRecord }
  | { readonly kind: 'waits'; readonly until: Date | undefined }

// No timer counts the time that the machine sleeps: so long after it wakes, what is due begins.
const mostSleepMs = 30_000
const othersSleepMs = 5000
// A service that is started anew is soon there again.
const startLateMs = 60_000
// Somebody who calls `run --once` every few minutes is at the time.
const onceLateMs = 15 * 60_000

/** Does what is due, whenever it is due, one job at a time, until the run is stopped. Rejects with target-exists where somebody does already. */
export const keepSchedule = (routine: Routine, run: Run): Promise<void> =>
  alone(routine, run, async history => {
    const watch = new Watch(run.clock, routine.timer, new Date(run.clock.now().getTime() - startLateMs))
    let told: Date | undefined
    while (!run.signal.aborted) {
      const { ended, next, isBusy } = await serveNext({ ...routine, history }, watch.look(), run)
      if (ended || run.signal.aborted) continue
      if (next?.getTime() !== told?.getTime()) routine.tell({ kind: 'waits', until: (told = next) })
      const untilNext = next ? next.getTime() - run.clock.now().getTime() : mostSleepMs
      const most = isBusy ? othersSleepMs : mostSleepMs
      await routine.timer.sleep(Math.max(10, Math.min(untilNext, most)), run.signal)
    }
  })

/** Does what is due now, one after the other, each job once. Resolves with how they ended. Rejects as `keepSchedule`. */
export const serveOnce = (routine: Routine, run: Run): Promise<readonly RunRecord[]> =>
  alone(routine, run, async history => {
    const since = new Date(run.clock.now().getTime() - onceLateMs)
    const watch = new Watch(run.clock, routine.timer, since)
    const done: RunRecord[] = []
    while (!run.signal.aborted) {
      const { ended } = await serveNext({ ...routine, history }, watch.look(), run, new Set(done.map(({ job }) => job)))
      if (!ended) break
      done.push(ended)
    }
    return done
  })

type Keeping = Routine & { readonly history: KeptHistory }

interface Served {
  readonly ended?: RunRecord
  /** When something is due next. */
  readonly next?: Date | undefined
  /** Something runs already that somebody else has started. */
  readonly isBusy?: boolean
}

async function serveNext(
  routine: Keeping,
  moment: Moment,
  run: Run,
  done: ReadonlySet<string> = new Set(),
): Promise<Served> {
  const schedule = await routine.schedule()
  await keepSince(routine.root, schedule.jobs.keys(), moment.now)
  const history = await routine.history.read()
  const decisions = [...schedule.jobs.keys()]
    .filter(job => !done.has(job))
    .map(job => decide(job, schedule, history, moment))
  const next = nextOf(schedule, moment.now)
  if (history.runs.some(({ outcome }) => outcome === 'running')) return { next, isBusy: true }
  const first = firstOf(decisions)
  // What only waits for its turn has missed nothing yet.
  for (const { missed, due } of decisions)
    if (missed && (!due || due === first?.due)) await writeMissed(routine, missed, history, run)
  return first?.due ? { ended: await serve(routine, first.due, run) } : { next }
}

/** What has waited longest; of what is due at the same time, a backup before what is done with points. */
const firstOf = (decisions: readonly Decision[]): Decision | undefined =>
  decisions.filter(({ due }) => due).toSorted((a, b) => waitingSince(a) - waitingSince(b))[0]

const waitingSince = ({ due, missed }: Decision): number => (missed?.first ?? due?.dueAt ?? new Date(0)).getTime()

function nextOf(schedule: Schedule, now: Date): Date | undefined {
  const times = [...schedule.jobs.values()].flatMap(({ timetable }) => timetable.next(now) ?? [])
  return times.length === 0 ? undefined : new Date(Math.min(...times.map(Number)))
}

async function serve(routine: Keeping, { job, dueAt, trigger }: DueRun, run: Run): Promise<RunRecord> {
  const { history, tell } = routine
  const observer = harmless(routine.observer, run)
  const times = { dueAt: dueAt.toISOString(), startedAt: run.clock.now().toISOString() }
  const id = newRunId()
  const record: RunRecord = { version: 1, id, job, trigger, hostname: os.hostname(), ...times, outcome: 'running' }
  // Before it begins: a job that does not even start, or falls with all of us, was there.
  await history.append(record)
  tell({ kind: 'starts', record })
  await observer.started(record)
  const ended = await endOfRun(history, record, await routine.start(record, run.signal), run)
  const { runs } = await history.read()
  // One that only met another at work has not ended for those who are told: it is tried again.
  const isRetried = willBeRetried(
    ended,
    runs.filter(other => other.job === job),
  )
  tell({ kind: isRetried ? 'retries' : 'ended', record: ended })
  if (!isRetried) await observer.ended(ended, previousOf(ended, runs))
  return ended
}

async function writeMissed(routine: Keeping, missed: MissedRuns, { runs }: History, run: Run): Promise<void> {
  const now = run.clock.now().toISOString()
  const record: RunRecord = {
    version: 1,
    id: newRunId(),
    job: missed.job,
    trigger: 'schedule',
    hostname: os.hostname(),
    dueAt: missed.last.toISOString(),
    startedAt: now,
    endedAt: now,
    outcome: 'missed',
    missed: { first: missed.first.toISOString(), count: missed.count },
  }
  await routine.history.append(record)
  routine.tell({ kind: 'missed', record })
  await harmless(routine.observer, run).ended(record, previousOf(record, runs))
}

/** One scheduler for a project's folder, in whichever container or machine it runs. */
async function alone<T>({ root, schedule }: Routine, run: Run, work: (history: KeptHistory) => Promise<T>): Promise<T> {
  try {
    await keepSince(root, (await schedule()).jobs.keys(), run.clock.now())
    await fs.access(path.join(root, stateFolder), fs.constants.W_OK)
  } catch (error) {
    throw isReadOnly(error) ? unwritable(root, error) : error
  }
  return withFileLock(path.join(root, stateFolder, 'schedule.lock'), refusal, async () => {
    await endUnseenRuns(root)
    return work(new KeptHistory(root, run))
  })
}

const isReadOnly = (error: unknown) =>
  ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')

const unwritable = (root: string, cause: unknown) =>
  new RecoveryError(
    'preflight-failed',
    `nothing can be written into ${path.join(root, stateFolder)}: what ran would be forgotten`,
    {
      hint: 'run this as the user whom the folder of the project belongs to',
      cause,
    },
  )

const hint = 'one is enough: stop that one first, or leave the schedule to it'
const refusal = {
  held: ({ pid, hostname }: { pid: number; hostname: string }) =>
    new RecoveryError('target-exists', `the schedule of this project is kept already (process ${pid} on ${hostname})`, {
      hint,
    }),
  contested: () => new RecoveryError('target-exists', 'several want to keep the schedule of this project', { hint }),
}
