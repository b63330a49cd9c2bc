import { confirm } from '../questions.ts'
import { Argument, type Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  lossesByPart,
  repairSteps,
  repairVault,
  shortId,
  type RepairPlan,
  type RepairReport,
  type RepairStep,
} from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { plural, timeText } from '../words.ts'

interface RepairOptions {
  readonly readData: boolean
  readonly plan?: boolean
  readonly yes?: boolean
}

export function repairCommand(program: Command, follow: Follow): void {
  program
    .command('repair')
    .addArgument(
      new Argument('[STEP]', 'how far to go: each step needs those before it').choices(repairSteps).default('points'),
    )
    .description(
      'bring back what can be of a damaged vault: its index, good data of damaged packs, points without what they lost',
    )
    .option('--no-read-data', 'do not read everything; finds what is missing or short, and damaged folder lists')
    .option('--plan', 'show what would be done, then stop')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault repair --plan\n  aidatavault repair packs    then: aidatavault backup, which brings back what the project still has\n  aidatavault repair\n',
    )
    .action((upTo: RepairStep, options: RepairOptions) => follow(context => runRepair(upTo, options, context)))
}

async function runRepair(upTo: RepairStep, options: RepairOptions, context: Context): Promise<void> {
  const { terminal, run } = context
  const location = configuredVault(context, await projectIfAny(context))
  const agree = async (plan: RepairPlan) => !options.plan && (await mayGoOn(plan, options, context))
  const report = await withVault(context, location, vault =>
    repairVault(vault, { upTo, readData: options.readData }, agree, run),
  )
  terminal.result(options.plan ? planned(report.plan) : reportText(report), reportJson(report))
}

async function mayGoOn(plan: RepairPlan, { yes }: RepairOptions, { terminal }: Context): Promise<boolean> {
  terminal.say(planText(plan))
  if (yes || !givesUp(plan)) return true
  if (!terminal.interactive)
    throw new RecoveryError('bad-input', 'this gives up what cannot be read any more; nothing was changed', {
      hint: 'look at it with --plan, bring back what there still is (repair packs, then backup), and then say --yes',
    })
  terminal.clear()
  if (await confirm({ message: 'Go ahead?', default: false }, terminal.question)) return true
  throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
}

/** What a later backup, or a copy from another vault, could no longer make good in place. */
const givesUp = ({ points, unreadablePoints, keys }: RepairPlan): boolean =>
  points.length + unreadablePoints.length + keys.length > 0

const isEmpty = (plan: RepairPlan): boolean => !plan.index && plan.packs.length === 0 && !givesUp(plan)

const planned = (plan: RepairPlan): string =>
  isEmpty(plan) ? 'nothing to repair' : `${planText(plan)}\nNothing was done.`

function planText({ index, packs, points, unreadablePoints, keys }: RepairPlan): string {
  return [
    ...(index
      ? [
          `index   written anew: ${plural(index.unreadable.length, 'file')} unreadable, ${plural(index.packsFound, 'pack')} found, ${plural(index.packsGone, 'pack')} gone`,
        ]
      : []),
    ...packs.map(({ file, blobs, lost }) => `pack    ${file}: ${plural(blobs, 'blob')} saved, ${lost} lost`),
    ...points.map(pointText),
    ...unreadablePoints.map(id => `point   ${shortId(id)} goes: its file cannot be read`),
    ...keys.map(id => `key     ${shortId(id)} goes: its file cannot be read; whoever used it needs another one`),
  ].join('\n')
}

function pointText({ snapshot: { id, time }, lost, further, isGone }: RepairPlan['points'][number]): string {
  const point = `point   ${shortId(id)} of ${timeText(time)}`
  if (isGone) return `${point} goes: nothing of it can be read`
  const more = further > 0 ? `, and ${further} more` : ''
  return `${point} becomes incomplete, without ${
    lossesByPart(lost)
      .map(({ what }) => what)
      .join('; ') || 'wrong sizes'
  }${more}`
}

function reportText({ plan, done, points }: RepairReport): string {
  if (!done) return 'nothing to repair'
  return [
    ...points.map(({ from, to }) =>
      to === undefined ? `point ${shortId(from)} is gone` : `point ${shortId(from)} is ${shortId(to)} now, incomplete`,
    ),
    `repaired: ${[...(plan.index ? ['the index'] : []), plural(plan.packs.length, 'damaged pack'), plural(points.length, 'point')].join(', ')}`,
    'Next: aidatavault backup, then aidatavault check --read-data',
  ].join('\n')
}

const reportJson = ({ plan, done, points }: RepairReport) => ({
  done,
  index: plan.index ?? null,
  packs: plan.packs,
  points: plan.points.map(({ snapshot, lost, further, isGone }) => ({
    point: snapshot.id,
    time: snapshot.time.toISOString(),
    lost,
    further,
    isGone,
    now: points.find(({ from }) => from === snapshot.id)?.to ?? null,
  })),
  unreadablePoints: plan.unreadablePoints,
  keys: plan.keys,
})
