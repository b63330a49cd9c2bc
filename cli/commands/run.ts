import { Option, type Command } from 'commander'
import type { RunRecord } from '../../contract/run-record.ts'
import { messageOf, RecoveryError } from '../../recovery/domain/errors.ts'
import {
  configOf,
  keepSchedule,
  readSchedule,
  serveOnce,
  serviceKinds,
  servicePage,
  type ProjectPlace,
  type Routine,
  type RoutineEvent,
  type Schedule,
  type ServiceKind,
} from '../../recovery/operations/index.ts'
import { configuredVaults, type Context } from '../context.ts'
import { keepMetrics } from '../metrics.ts'
import type { Follow } from '../program.ts'
import { assertPlace } from '../recorded.ts'
import { tellOf } from '../told.ts'
import { durationText, timeText } from '../words.ts'
import { planJson, planText, scheduleText } from './run-plan.ts'

interface RunOptions {
  readonly once?: boolean
  readonly plan?: boolean
  readonly print?: ServiceKind
}

export function runCommand(program: Command, follow: Follow): void {
  program
    .command('run')
    .description('keep the schedule: backup, copy, retain, check and drill at their times, until it is stopped')
    .option('--once', 'do what is due now, then end: for cron and timers')
    .option('--plan', 'show when what runs next, then stop')
    .addOption(
      new Option('--print <KIND>', 'a service file for this project instead: systemd or compose').choices(serviceKinds),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault run --plan\n  aidatavault run\n  aidatavault run --once\n  aidatavault run --print systemd\n\nThe times stand in aidatavault.yml (schedule); without one, the default schedule is kept, which --plan shows.\n',
    )
    .action((options: RunOptions) => follow(context => runRun(options, context)))
}

async function runRun(options: RunOptions, context: Context): Promise<void> {
  const { terminal, run } = context
  const place = await assertPlace(context)
  if (options.print) return printService(options.print, place, context)
  const schedule = readSchedule(await configOf(place), place.root)
  const now = run.clock.now()
  if (options.plan) return terminal.result(planText(schedule, now), planJson(schedule, now))
  const { assertUnattended } = await import('../unattended.ts')
  await assertUnattended(configuredVaults(context, { ...place, config: await configOf(place) }), context)
  if (!options.once) terminal.say(scheduleText(schedule))
  const { startJob } = await import('../start-job.ts')
  const { realTimer } = await import('../real-timer.ts')
  const told = tellOf(place, context)
  const routine: Routine = {
    root: place.root,
    schedule: rereader(place, schedule, context),
    start: startJob(context),
    observer: told,
    timer: realTimer,
    // What `--once` did is one result, at its end.
    tell: event => (options.once && terminal.options.json ? undefined : tell(event, context)),
  }
  if (!options.once) {
    await keepMetrics(place, context)
    return keepSchedule(routine, run)
  }
  await runOnce(routine, context)
  if (!process.exitCode) told.assertTold()
}

async function runOnce(routine: Routine, { terminal, run }: Context): Promise<void> {
  const done = await serveOnce(routine, run).catch((error: unknown) => {
    // Another one is at it: that is what was wanted.
    if (!(error instanceof RecoveryError) || error.code !== 'target-exists') throw error
    terminal.say(`nothing was done: ${error.message}`)
    return []
  })
  run.signal.throwIfAborted()
  if (done.length === 0) terminal.say('nothing is due')
  if (terminal.options.json) terminal.result('', done)
  const failed = done.find(({ outcome }) => outcome !== 'success')
  if (failed) process.exitCode = failed.exitCode || 1
}

/** aidatavault.yml may be changed while this runs; one that cannot be understood is told once, and the times stay as they were. */
function rereader(place: ProjectPlace, first: Schedule, { terminal }: Context): () => Promise<Schedule> {
  let last = first
  let complaint: string | undefined
  return async () => {
    try {
      last = readSchedule(await configOf(place), place.root)
      complaint = undefined
    } catch (error) {
      if (complaint !== messageOf(error)) terminal.warn(`${messageOf(error)}; the times stay as they were`)
      complaint = messageOf(error)
    }
    return last
  }
}

async function printService(kind: ServiceKind, place: ProjectPlace, context: Context): Promise<void> {
  const { serviceFacts } = await import('../service-facts.ts')
  const text = servicePage(kind, await serviceFacts(place, context))
  context.terminal.result(text.trimEnd(), { kind, text })
}

function tell(event: RoutineEvent, { terminal }: Context): void {
  if (event.kind === 'waits')
    return terminal.say(event.until ? `next: ${timeText(event.until)}` : 'nothing is due any more')
  if (terminal.options.json) {
    if (event.kind === 'ended' || event.kind === 'missed') process.stdout.write(`${JSON.stringify(event.record)}\n`)
    return
  }
  const line = `${timeText(new Date())}  ${event.record.job}: ${wordsOf(event)}`
  if (isBad(event.record)) terminal.warn(line)
  else terminal.say(line)
}

const isBad = ({ outcome }: RunRecord) => ['failed', 'missed', 'interrupted'].includes(outcome)

function wordsOf({ kind, record }: Exclude<RoutineEvent, { kind: 'waits' }>): string {
  const { outcome, error, startedAt, endedAt, exitCode, missed, trigger } = record
  const due = timeText(new Date(record.dueAt ?? startedAt))
  if (kind === 'starts') return trigger === 'catch-up' ? `begins, to make up for ${due}` : 'begins'
  if (kind === 'missed')
    return missed && missed.count > 1
      ? `missed ${missed.count} times, from ${timeText(new Date(missed.first))} to ${due}`
      : `missed, was due ${due}`
  if (kind === 'retries') return `${error?.message ?? outcome}; it is tried again in a while`
  const took = endedAt ? ` after ${durationText(Date.parse(endedAt) - Date.parse(startedAt))}` : ''
  if (outcome === 'interrupted' && error?.code === 'interrupted') return `interrupted${took}`
  const why = error ? `: ${error.message}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}` : ''
  return `${outcome === 'success' ? 'done' : outcome}${took}${why}`
}
