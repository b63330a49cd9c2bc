import type { Job } from '../../contract/run-record.ts'
import type { Schedule } from '../../recovery/operations/index.ts'
import { durationText, table, timeText } from '../words.ts'

// Enough to see a day of hourly backups and the first of what is rarer.
const shown = 10

/** What is kept, in a few lines. */
export function scheduleText({ isDefault, zone, jitterMs, catchUp, jobs }: Schedule): string {
  const jitter = jitterMs > 0 ? `, each up to ${durationText(jitterMs)} later` : ''
  return [
    `${isDefault ? 'the default schedule (aidatavault.yml has none)' : 'the schedule of aidatavault.yml'}, times of ${zone}${jitter}:`,
    table([...jobs].map(([job, { expressions }]) => [`  ${job}`, expressions.join(' and ')])),
    `  what is missed is ${catchUp ? 'made up for once' : 'told, and not made up for'}`,
  ].join('\n')
}

export function planText(schedule: Schedule, now: Date): string {
  const first = [...schedule.jobs].flatMap(([job, { timetable }]) => {
    const time = timetable.next(now)
    return time ? [{ job, time }] : []
  })
  const rows = [...merge([...nextTimes(schedule, now), ...first])].map(({ job, time }) => [timeText(time), job])
  return `${scheduleText(schedule)}\n\n${table([['NEXT', 'JOB'], ...rows])}`
}

export const planJson = (schedule: Schedule, now: Date) => ({
  isDefault: schedule.isDefault,
  timezone: schedule.zone,
  jitterMs: schedule.jitterMs,
  catchUp: schedule.catchUp,
  jobs: [...schedule.jobs].map(([job, { expressions, timetable }]) => ({
    job,
    expressions,
    next: timesAfter(timetable, now).map(time => time.toISOString()),
  })),
})

interface Planned {
  readonly job: Job
  readonly time: Date
}

const nextTimes = (schedule: Schedule, now: Date): Planned[] =>
  sorted(
    [...schedule.jobs].flatMap(([job, { timetable }]) => timesAfter(timetable, now).map(time => ({ job, time }))),
  ).slice(0, shown)

function timesAfter(timetable: { next(after: Date): Date | undefined }, now: Date): Date[] {
  const times: Date[] = []
  for (let time = timetable.next(now); time && times.length < shown; time = timetable.next(time)) times.push(time)
  return times
}

/** In order, each once. */
const merge = (planned: readonly Planned[]): Planned[] =>
  sorted([...new Map(planned.map(each => [`${each.job} ${each.time.getTime()}`, each])).values()])

const sorted = (planned: readonly Planned[]): Planned[] =>
  planned.toSorted((a, b) => a.time.getTime() - b.time.getTime())
