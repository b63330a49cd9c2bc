import { InvalidArgumentError, Option, type Command } from 'commander'
import { jobs, type Job, type RunRecord } from '../../contract/run-record.ts'
import { readRuns } from '../../recovery/operations/index.ts'
import type { Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { assertPlace } from '../recorded.ts'
import type { Terminal } from '../terminal.ts'
import { durationText, sizeText, table, timeText } from '../words.ts'

interface RunsOptions {
  readonly job?: Job
  readonly last: number
}

export function runsCommand(program: Command, follow: Follow): void {
  program
    .command('runs')
    .description('what ran in this project and how it ended: backup, copy, retain, check, drill')
    .addOption(new Option('--job <JOB>', 'only this one').choices(jobs))
    .option('--last <N>', 'only the newest so many', parseCount, 20)
    .addHelpText('after', '\nExamples:\n  aidatavault runs\n  aidatavault runs --job backup --last 100 --json\n')
    .action((options: RunsOptions) => follow(context => runRuns(options, context)))
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('give a whole number from 1.')
}

async function runRuns({ job, last }: RunsOptions, context: Context): Promise<void> {
  const { terminal, run } = context
  const { root } = await assertPlace(context)
  const runs = (await readRuns(root, run.clock.now())).filter(record => job === undefined || record.job === job)
  const newest = runs.slice(-last)
  terminal.result(newest.length === 0 ? 'nothing ran here yet' : runsText(newest, terminal), newest)
}

const runsText = (runs: readonly RunRecord[], terminal: Terminal): string =>
  table([
    ['STARTED', 'JOB', 'BY', 'OUTCOME', 'TOOK', 'POINT'],
    ...runs.map(record => [
      timeText(new Date(record.startedAt)),
      record.job,
      record.trigger,
      record.outcome,
      tookText(record),
      detailText(record, terminal),
    ]),
  ])

const tookText = ({ startedAt, endedAt, outcome }: RunRecord): string =>
  endedAt && outcome !== 'missed' ? durationText(Date.parse(endedAt) - Date.parse(startedAt)) : ''

function detailText(
  { error, outcome, missed, exitCode, dueAt, point, bytesAdded }: RunRecord,
  terminal: Terminal,
): string {
  if (outcome === 'missed') return missedText(dueAt, missed)
  if (error) return terminal.style('red', `${firstLine(error.message)} (exit code ${exitCode ?? '?'})`)
  const added = bytesAdded === undefined ? [] : [`${sizeText(bytesAdded)} new`]
  return [...(point ? [point.slice(0, 8)] : []), ...added].join(', ')
}

function missedText(dueAt: string | undefined, missed: RunRecord['missed']): string {
  const last = timeText(new Date(dueAt ?? 0))
  if (!missed || missed.count < 2) return `was due ${last}`
  return `${missed.count} times, from ${timeText(new Date(missed.first))} to ${last}`
}

const firstLine = (text: string) => text.split('\n')[0] ?? ''
