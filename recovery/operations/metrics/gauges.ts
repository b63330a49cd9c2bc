import { jobs, type Job, type RunRecord } from '../../../contract/run-record.ts'
import type { JobStanding } from '../routine/next-runs.ts'
import type { Targets } from '../targets.ts'

/** What the figures are made of. */
export interface MeasuredProject {
  /** By their start. */
  readonly runs: readonly RunRecord[]
  /** Of the jobs that `run` keeps. */
  readonly standings: readonly JobStanding[]
  readonly targets: Targets
}

/** One figure of Prometheus with all its series; every series has the label `project` besides. */
export interface Gauge {
  readonly name: string
  readonly help: string
  readonly labels: readonly ('job' | 'source' | 'outcome')[]
  readonly series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

type Series = Gauge['series'][number]

const seconds = (time: string | Date): number => new Date(time).getTime() / 1000
/** Exact to the millisecond, which a difference of seconds is not. */
const between = (from: string, to: string | Date): number => (new Date(to).getTime() - new Date(from).getTime()) / 1000
const endOf = ({ endedAt, startedAt }: RunRecord): string => endedAt ?? startedAt

/** Every figure, in base units. What is not known has no series: a figure that is not there is no 0. */
export function gaugesOf(project: MeasuredProject, now: Date): readonly Gauge[] {
  return [...gaugesOfJobs(project, now), ...gaugesOfSources(project), ...gaugesOfProject(project, now)]
}

function gaugesOfJobs({ runs, standings }: MeasuredProject, now: Date): Gauge[] {
  const perJob = (value: (job: Job, own: readonly RunRecord[]) => number | undefined): Series[] =>
    jobs.flatMap(job => {
      const found = value(
        job,
        runs.filter(run => run.job === job && run.outcome !== 'running'),
      )
      return found === undefined ? [] : [{ labels: { job }, value: found }]
    })
  const ofLast = (value: (run: RunRecord) => number | undefined) =>
    perJob((_, own) => {
      const last = own.findLast(({ outcome }) => outcome !== 'missed')
      return last && value(last)
    })
  const ofSuccess = (value: (run: RunRecord) => number | undefined) =>
    perJob((_, own) => {
      const last = own.findLast(({ outcome }) => outcome === 'success')
      return last && value(last)
    })
  const standing = (value: (found: JobStanding) => number | undefined) =>
    perJob(job => {
      const found = standings.find(each => each.job === job)
      return found && value(found)
    })
  const labels = ['job'] as const
  return [
    {
      name: 'last_success_timestamp_seconds',
      help: 'When the last success of the job ended.',
      labels,
      series: ofSuccess(run => seconds(endOf(run))),
    },
    {
      name: 'last_success_age_seconds',
      help: 'How long ago that was when this was written.',
      labels,
      series: ofSuccess(run => between(endOf(run), now)),
    },
    {
      name: 'last_success_read_bytes',
      help: 'What the last success read of the project.',
      labels,
      series: ofSuccess(run => run.bytesRead),
    },
    {
      name: 'last_success_added_bytes',
      help: 'What the last success added to the vault.',
      labels,
      series: ofSuccess(run => run.bytesAdded),
    },
    {
      name: 'last_run_timestamp_seconds',
      help: 'When the last run of the job ended, however it did.',
      labels,
      series: ofLast(run => seconds(endOf(run))),
    },
    {
      name: 'last_run_duration_seconds',
      help: 'How long the last run took.',
      labels,
      series: ofLast(run => (run.endedAt === undefined ? undefined : between(run.startedAt, run.endedAt))),
    },
    {
      name: 'last_run_untold_notices',
      help: 'How many messages and pings about the last run did not arrive.',
      labels,
      series: ofLast(run => run.notices?.filter(({ ok }) => !ok).length ?? 0),
    },
    {
      name: 'last_outcome',
      help: '1 for the outcome of what the job did last, a missed run included; 0 for the others.',
      labels: ['job', 'outcome'],
      series: outcomesOf(runs),
    },
    {
      name: 'next_run_timestamp_seconds',
      help: 'When the job is due next on the schedule that run keeps.',
      labels,
      series: standing(({ next }) => next && seconds(next)),
    },
    {
      name: 'overdue',
      help: '1 where the job was due and has not run since.',
      labels,
      series: standing(({ overdue }) => Number(overdue)),
    },
  ]
}

const outcomes = ['success', 'failed', 'interrupted', 'missed'] as const

const outcomesOf = (runs: readonly RunRecord[]): Series[] =>
  jobs.flatMap(job => {
    const last = runs.findLast(run => run.job === job && run.outcome !== 'running')
    if (!last) return []
    return outcomes.map(outcome => ({ labels: { job, outcome }, value: Number(last.outcome === outcome) }))
  })

/** Of each source that a backup has captured: as the last one that did. */
function gaugesOfSources({ runs }: MeasuredProject): Gauge[] {
  const last = new Map<string, { readonly run: RunRecord; readonly ms: number; readonly bytes: number }>()
  for (const run of runs)
    if (run.outcome === 'success')
      for (const { name, ms, bytes } of run.sources ?? []) last.set(name, { run, ms, bytes })
  const perSource = (value: (found: { run: RunRecord; ms: number; bytes: number }) => number): Series[] =>
    [...last].map(([source, found]) => ({ labels: { source }, value: value(found) }))
  const labels = ['source'] as const
  return [
    {
      name: 'source_last_success_timestamp_seconds',
      help: 'When the last backup that has the source ended.',
      labels,
      series: perSource(({ run }) => seconds(endOf(run))),
    },
    {
      name: 'source_duration_seconds',
      help: 'How long the source took in it.',
      labels,
      series: perSource(({ ms }) => ms / 1000),
    },
    {
      name: 'source_read_bytes',
      help: 'What was read of the source in it.',
      labels,
      series: perSource(({ bytes }) => bytes),
    },
  ]
}

function gaugesOfProject({ runs, targets }: MeasuredProject, now: Date): Gauge[] {
  const newest = runs.findLast(isCompletePoint)
  const proof = runs.flatMap(run => run.proof ?? []).reduce((a, b) => (b.at > a.at ? b : a), noProof)
  const known = proof === noProof ? undefined : proof
  const one = (value: number | undefined | null): Series[] =>
    value === undefined || value === null ? [] : [{ labels: {}, value }]
  const inSeconds = (ms: number | null) => (ms === null ? null : ms / 1000)
  const labels = [] as const
  // A point shows the project as it was when its backup began.
  return [
    {
      name: 'newest_point_timestamp_seconds',
      help: 'When the backup of the newest complete point began.',
      labels,
      series: one(newest && seconds(newest.startedAt)),
    },
    {
      name: 'rpo_seconds',
      help: 'How old the newest complete point was when this was written: so much would be lost.',
      labels,
      series: one(newest && between(newest.startedAt, now)),
    },
    { name: 'rpo_target_seconds', help: 'How old it may be.', labels, series: one(inSeconds(targets.rpoMs)) },
    {
      name: 'rto_seconds',
      help: 'How long the recovery took in the last drill that proved a point.',
      labels,
      series: one(known && known.recoveryMs / 1000),
    },
    { name: 'rto_target_seconds', help: 'How long it may take.', labels, series: one(inSeconds(targets.rtoMs)) },
    {
      name: 'proof_timestamp_seconds',
      help: 'When a drill has proved a point last.',
      labels,
      series: one(known && seconds(known.at)),
    },
    {
      name: 'proof_age_seconds',
      help: 'How long ago that was when this was written.',
      labels,
      series: one(known && between(known.at, now)),
    },
    { name: 'proof_target_seconds', help: 'How long ago it may be.', labels, series: one(inSeconds(targets.proofMs)) },
  ]
}

const noProof = { at: '', recoveryMs: 0 }

const isCompletePoint = ({ job, outcome, point, state }: RunRecord): boolean =>
  job === 'backup' && outcome === 'success' && point !== undefined && state !== 'incomplete'
