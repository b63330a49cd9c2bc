import { Option, type Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  drill,
  findPoint,
  isSameOrigin,
  listPoints,
  planDrill,
  type DrillOutcome,
  type Project,
  type RecoveryPoint,
  type RunFacts,
  type Vault,
} from '../../recovery/operations/index.ts'
import { choosePoint } from '../choose-point.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { recorded } from '../recorded.ts'
import { coldStart } from './drill-cold.ts'
import { addDrillList } from './drill-list.ts'
import { drillPlanJson, drillPlanText, drillText } from './drill-text.ts'

interface DrillOptions {
  readonly point: string
  readonly project?: string
  readonly from?: string
  readonly databasesOnly?: boolean
  readonly plan?: boolean
  readonly coldStart?: string
  readonly pass?: string[]
  readonly cold?: boolean
}

export function drillCommand(program: Command, follow: Follow): void {
  const command = program
    .command('drill')
    .description('rehearse the recovery of a point in an isolated copy, check it, and keep the evidence in the vault')
    .option('--point <POINT>', 'which point: an id, the beginning of one, or latest', 'latest')
    .option('--project <NAME>', 'which project of the vault: its name or id')
    .option('--from <HOST:FOLDER>', 'where its points were taken, when the project lives in several places')
    .option('--databases-only', 'start the databases alone, not the application')
    .option('--cold-start <KIT>', 'with the recovery kit alone (a file, or -), as on an empty machine')
    .option('--pass <NAME>', 'with --cold-start: a variable that an empty machine has too; may be repeated', collect)
    .option('--plan', 'show what would be done, then stop')
    .addOption(new Option('--cold').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault drill\n  aidatavault drill --point 4bf01a2c --databases-only\n  aidatavault drill --cold-start kit.txt\n  aidatavault drill list\n  aidatavault drill show latest --html report.html\n  aidatavault drill verify\n',
    )
    .action((options: DrillOptions) =>
      follow(context =>
        // The one with the kit alone is a part of the run that started it.
        options.plan || options.cold
          ? runDrill(options, context)
          : recorded('drill', context, (own, tell) => runDrill(options, own, tell)),
      ),
    )
  addDrillList(command, follow)
}

const collect = (value: string, values: string[] = []) => [...values, value]

async function runDrill(
  options: DrillOptions,
  context: Context,
  tell: (facts: RunFacts) => void = () => {},
): Promise<void> {
  const { terminal, tools, run } = context
  if (options.coldStart !== undefined)
    return coldStart(options.coldStart, wordsOf(options), options.pass ?? [], context)
  const project = options.cold ? undefined : await projectIfAny(context)
  await withVault(context, configuredVault(context, project), async vault => {
    const point = await pointToDrill(vault, options, project, context)
    // What another project says of its drills means nothing here.
    const own = project?.facts.id === point.manifest.project.id ? project : undefined
    const kind = options.cold ? 'cold' : 'isolated'
    const request = { databasesOnly: options.databasesOnly ?? false, project: own, kind } as const
    const plan = await planDrill(request, point, vault, tools, run)
    tell({ point: point.snapshot.id, vault: vault.location })
    if (options.plan) return terminal.result(drillPlanText(plan), drillPlanJson(plan))
    terminal.say(drillPlanText(plan))
    const outcome = await drill(plan, point, vault, tools, run)
    const { verdict, endedAt, recoveryTime } = outcome.report
    if (verdict === 'proved') tell({ proof: { at: endedAt, recoveryMs: recoveryTime?.ms ?? 0 } })
    terminal.result(drillText(outcome, terminal), { ...outcome.report, evidence: outcome.evidence.id })
    assertProved(outcome)
  })
}

/** What of the command is said again to the one that runs with the kit alone. */
const wordsOf = ({ point, from, databasesOnly, plan }: DrillOptions): string[] => [
  ...['--point', point],
  ...(from === undefined ? [] : ['--from', from]),
  ...(databasesOnly ? ['--databases-only'] : []),
  ...(plan ? ['--plan'] : []),
]

/** Of this folder's project: its newest complete point. Else as `recover` chooses. */
async function pointToDrill(
  vault: Vault,
  { point, project: named, from }: DrillOptions,
  project: Project | undefined,
  { terminal }: Context,
): Promise<RecoveryPoint> {
  if (point !== 'latest') return findPoint(vault, point)
  const words = { point, ...(named === undefined ? {} : { project: named }), ...(from === undefined ? {} : { from }) }
  if (!project || named !== undefined || from !== undefined) return choosePoint(vault, words, terminal)
  const { points } = await listPoints(vault, project.facts.id)
  const own = points.findLast(
    ({ manifest }) => manifest.state === 'complete' && isSameOrigin(manifest.project, project.facts),
  )
  return own ?? choosePoint(vault, { ...words, project: project.facts.id }, terminal)
}

/** The verdict is the exit code. */
function assertProved({ report: { verdict, reason, sequence } }: DrillOutcome): void {
  if (verdict === 'proved') return
  const where = reason?.level ? `at level ${reason.level}, ${reason.step}` : reason?.step
  const sentence = `${where}: ${reason?.message}`
  const hint = `the whole report: aidatavault drill show ${sequence} --html report.html`
  throw verdict === 'failed'
    ? new RecoveryError('drill-failed', `the point failed ${sentence}`, { hint })
    : new RecoveryError('drill-error', `the drill broke, which says nothing about the point: ${sentence}`, { hint })
}
