import { confirm } from '../../questions.ts'
import type { Command } from 'commander'
import { RecoveryError } from '../../../recovery/domain/errors.ts'
import {
  aloneIn,
  dropExpired,
  interruptedRestores,
  settleInterrupted,
  settleQuiet,
  shortId,
  vaultOfLastRestore,
  type Project,
  type Restoration,
  type RestorePlan,
  type RestoreReport,
  type Settled,
  type Vault,
} from '../../../recovery/operations/index.ts'
import { configuredVault, findProject, findProjectBesideVault, withVault, type Context } from '../../context.ts'
import { durationText, plural, table, timeText } from '../../words.ts'

/** What every restore command takes. */
export interface RestoreOptions {
  readonly point: string
  readonly accept?: string[]
  readonly plan?: boolean
  readonly yes?: boolean
}

const repeat = (value: string, values: string[] = []) => [...values, value]

/** Adds the options of every restore to a command. */
export const withRestoreOptions = (command: Command): Command =>
  withPlanOptions(
    command
      .option(
        '--point <POINT>',
        'an id, the beginning of one, latest, or a time (2026-03-01T14:30): the newest until then',
        'latest',
      )
      .option(
        '--accept <DIFFERENCE>',
        'a point of another project=NAME, host=NAME or system=IDENTIFIER is meant; may be repeated',
        repeat,
      ),
  )

/** --plan and --yes. */
export const withPlanOptions = (command: Command): Command =>
  command.option('--plan', 'show exactly what would change, then stop').option('-y, --yes', 'do not ask')

/** How a project is opened for it. */
export interface RestorationOptions<T> {
  readonly reads: boolean
  readonly found?: Project
  readonly open?: (use: (vault: Vault) => Promise<T>) => Promise<T>
}

/**
 * Opens the project (or takes the one that is `found`) and its vault for a restore or a backup, alone in the project; what
 * an earlier one left half-done is settled first.
 * `open` opens the vault, once one is alone in the project; without it, it is opened before. With `reads` (--plan) nothing is settled
 * nor locked: what stands there is only told.
 */
export async function inRestoration<T>(
  context: Context,
  { reads, found, open }: RestorationOptions<T>,
  use: (restoration: Restoration, settled: readonly Settled[]) => Promise<T>,
): Promise<T> {
  const { tools, run, terminal } = context
  const project = found ?? (await findProjectBesideVault(context))
  const inVault = async (work: (vault: Vault) => Promise<T>) =>
    withVault(context, configuredVault(context, project) ?? (await vaultOfLastRestore(project.root)), work)
  const read = async (vault: Vault) => {
    for (const { record } of await interruptedRestores(project.root))
      terminal.warn(
        `the restore of ${record.what} was interrupted at: ${record.step}; the next restore, undo or backup settles it first`,
      )
    return use({ project, vault, tools, run }, [])
  }
  const settle = async (vault: Vault) => {
    const restoration = { project, vault, tools, run }
    const quieted = await settleQuiet(project, tools, run)
    const settled = await settleInterrupted(restoration)
    await dropExpired(restoration)
    // Services run again that did not, databases have other names.
    return use(
      quieted || settled.length > 0 ? { ...restoration, project: await findAgain(context, found) } : restoration,
      settled,
    )
  }
  if (reads) return (open ?? inVault)(read)
  if (open) return aloneIn(project.root, () => open(settle))
  return inVault(vault => aloneIn(project.root, () => settle(vault)))
}

/** A project that was only recalled from a point may not be there to be discovered even now. */
const findAgain = (context: Context, found: Project | undefined): Promise<Project> =>
  findProject(context).catch((error: unknown) => {
    if (found) return found
    throw error
  })

/** Shows the plan; stops at --plan or where something is in the way; asks; does it; shows what was done. */
export async function carryOut<P extends RestorePlan>(
  plan: P,
  options: Pick<RestoreOptions, 'plan' | 'yes'>,
  { terminal }: Context,
  work: (plan: P) => Promise<RestoreReport>,
): Promise<void> {
  if (options.plan) return terminal.result(`${planText(plan)}\nNothing was done.`, planJson(plan))
  assertFree(plan)
  terminal.say(planText(plan))
  if (plan.destructive && !options.yes) {
    if (!terminal.interactive)
      throw new RecoveryError('bad-input', `this overwrites something: ${plan.what}; nothing was changed`, {
        hint: 'look at it with --plan, then say --yes',
      })
    terminal.clear()
    if (!(await confirm({ message: 'Go ahead?', default: false }, terminal.question)))
      throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
  }
  const started = performance.now()
  const report = await work(plan)
  terminal.result(reportText(report, performance.now() - started), { ...report, warnings: terminal.warnings })
}

function assertFree({ obstacles }: RestorePlan): void {
  const [first, ...more] = obstacles
  if (!first) return
  if (more.length === 0) throw new RecoveryError(first.code, first.message, { hint: first.hint })
  const all = obstacles.map(({ message, hint }) => `${message}\n  hint: ${hint}`)
  throw new RecoveryError(
    first.code,
    `${obstacles.length} things stand in the way; nothing was changed:\n- ${all.join('\n- ')}`,
  )
}

function planText(plan: RestorePlan): string {
  const { point, safety } = plan
  return table([
    [
      'restore',
      `${plan.what}${point ? `, from point ${shortId(point.id)} of ${timeText(new Date(point.takenAt))}` : ''}`,
    ],
    ...plan.changes.map(([what, change]) => ['change', `${what}: ${change}`]),
    ...(plan.changes.length === 0 ? [['change', 'nothing differs']] : []),
    ['stop', plan.stops.length === 0 ? 'nothing' : `${plan.stops.join(', ')} (${plan.downtime})`],
    ...plan.keeps.map(kept => ['keep', kept]),
    [
      'safety',
      safety ? 'what is overwritten goes into a safety point first: undo takes this back' : 'no safety point is taken',
    ],
    ...plan.obstacles.map(({ message, hint }) => ['IN THE WAY', `${message}\n            hint: ${hint}`]),
  ])
}

const planJson = ({
  kind,
  what,
  point,
  changes,
  stops,
  downtime,
  keeps,
  safety,
  destructive,
  obstacles,
}: RestorePlan) => ({
  ...{ kind, what, point, stops, downtime, keeps, destructive, obstacles },
  changes: changes.map(([what, change]) => ({ what, change })),
  safetyPoint: safety !== null,
})

function reportText(report: RestoreReport, ms: number): string {
  const { what, checks, kept, services, downMs, safetyPoint } = report
  return [
    `${what} is back, in ${durationText(ms)}${checks.length > 0 ? `; ${plural(checks.length, 'check')} passed` : ''}`,
    ...(services.length > 0 ? [`  ${services.join(', ')} did not run for ${durationText(downMs)}`] : []),
    ...kept.map(
      ({ name, was, dropAfter }) => `  the old ${was} is kept as ${name} until ${timeText(new Date(dropAfter))}`,
    ),
    ...(safetyPoint ? [`  take it back with: aidatavault undo (safety point ${shortId(safetyPoint)})`] : []),
  ].join('\n')
}
