import os from 'node:os'
import type { Config } from '../../../contract/config.ts'
import { jobs, type Job } from '../../../contract/run-record.ts'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { durationMs } from '../hooks/run-hook.ts'
import { readCron, Timetable } from './timetable.ts'

/** When which job of a project runs. */
export interface Schedule {
  /** aidatavault.yml says nothing: backups each hour, a check and a drill each week. */
  readonly isDefault: boolean
  readonly zone: string
  readonly jitterMs: number
  /** Whether the last of the runs that nobody was there for is made up for. */
  readonly catchUp: boolean
  /** In the order in which they run when several are due. */
  readonly jobs: ReadonlyMap<Job, { readonly expressions: readonly string[]; readonly timetable: Timetable }>
}

const usual: Readonly<Record<Job, string>> = {
  backup: '0 * * * *',
  copy: '20 4 * * *',
  retain: '30 3 * * *',
  check: '0 5 * * 0',
  drill: '0 6 * * 0',
}
const usualJitter = '5m'

/** `root` and the machine's name decide of the delays. Rejects with project-invalid what cannot be a schedule. */
export function readSchedule(config: Config, root: string): Schedule {
  const { timezone, jitter = usualJitter, catchUp = true, ...said } = config.schedule ?? usualFor(config)
  const zone = timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  assertZone(zone)
  const jitterMs = durationMs(jitter)
  const seed = `${os.hostname()} ${root}`
  const times = jobs.flatMap(job => {
    const expressions = [said[job] ?? []].flat()
    if (expressions.length === 0) return []
    for (const expression of expressions) assertExpression(job, expression, zone)
    const timetable = new Timetable(expressions, { zone, jitterMs, seed: `${seed} ${job}` })
    return [[job, { expressions, timetable }] as const]
  })
  assertServed(config, new Map(times))
  return { isDefault: config.schedule === undefined, zone, jitterMs, catchUp, jobs: new Map(times) }
}

/** Only what this project can do: nothing says which points to keep, or where to copy them, unless the file does. */
function usualFor({ retain, vaults }: Config): NonNullable<Config['schedule']> {
  const { copy, retain: daily, ...always } = usual
  return { ...always, ...(retain ? { retain: daily } : {}), ...(vaults?.length ? { copy } : {}) }
}

function assertServed({ retain, vaults }: Config, scheduled: ReadonlyMap<Job, unknown>): void {
  if (scheduled.size === 0)
    throw invalid('schedule names no job', `name at least one of ${jobs.join(', ')}, each with a cron expression`)
  if (scheduled.has('retain') && !retain)
    throw invalid(
      'schedule has retain, but nothing says which points to keep',
      'say so under retain, such as keepDaily: 7',
    )
  if (scheduled.has('copy') && !vaults?.length)
    throw invalid('schedule has copy, but there is no further vault', 'make one with: aidatavault init VAULT --also')
}

function assertZone(zone: string): void {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    throw invalid(`schedule.timezone: "${zone}" is no time zone`, 'give a name such as Europe/Berlin, or UTC')
  }
}

function assertExpression(job: Job, expression: string, zone: string): void {
  const hint = 'write minute, hour, day of the month, month and day of the week, such as "0 3 * * *" for every day at 3'
  const reason = reasonAgainst(expression, zone)
  if (reason !== undefined) throw invalid(`schedule.${job}: "${expression}" ${reason}`, hint)
}

function reasonAgainst(expression: string, zone: string): string | undefined {
  try {
    return readCron(expression, zone).nextRun() ? undefined : 'is a time that never comes'
  } catch (error) {
    return `is no cron expression (${messageOf(error).replace(/^CronPattern: /, '')})`
  }
}

const invalid = (text: string, hint: string) =>
  new RecoveryError('project-invalid', `aidatavault.yml: ${text}`, { hint })
