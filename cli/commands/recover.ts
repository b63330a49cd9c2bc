import path from 'node:path'
import { confirm } from '@inquirer/prompts'
import type { Command } from 'commander'
import { RecoveryError } from '../../recovery/domain/errors.ts'
import {
  originOf,
  originText,
  planRecovery,
  recover,
  shortId,
  type RecoveryPlan,
  type RecoveryReport,
} from '../../recovery/operations/index.ts'
import { choosePoint, type PointWords } from '../choose-point.ts'
import { vaultLocation, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { durationText, plural, sizeText, table, timeText } from '../words.ts'

interface RecoverOptions extends PointWords {
  readonly plan?: boolean
  readonly yes?: boolean
  readonly start: boolean
}

export function recoverCommand(program: Command, follow: Follow): void {
  program
    .command('recover <VAULT> [DIR]')
    .description('bring a whole project back: folder, code, secrets, volumes, databases, services')
    .option('--project <NAME>', 'which project of the vault: its name or id')
    .option('--from <HOST:FOLDER>', 'where its points were taken, when the project lives in several places')
    .option('--point <POINT>', 'which point: an id, the beginning of one, or latest', 'latest')
    .option('--plan', 'show what would be done and what stands in the way, then stop')
    .option('-y, --yes', 'do not ask')
    .option('--no-start', 'bring everything back, but leave the services stopped')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault recover /mnt/backup/vault\n  aidatavault recover /mnt/backup/vault ~/notes --point 4bf01a2c\n  aidatavault recover /mnt/backup/vault --from server1:/srv/notes\n  aidatavault recover /mnt/backup/vault --plan\n',
    )
    .action((vault: string, directory: string | undefined, options: RecoverOptions) =>
      follow(context => runRecover(vault, directory, options, context)),
    )
}

async function runRecover(
  location: string,
  directory: string | undefined,
  options: RecoverOptions,
  context: Context,
): Promise<void> {
  const { terminal, tools, run } = context
  await withVault(context, vaultLocation(location), async vault => {
    const point = await choosePoint(vault, options, terminal)
    const root = path.resolve(directory ?? path.basename(point.manifest.project.root))
    const projectName = context.options.projectName
    const plan = await planRecovery(
      { root, start: options.start, ...(projectName === undefined ? {} : { projectName }) },
      point,
      vault,
      tools,
      run,
    )
    if (options.plan) return terminal.result(planText(plan), planJson(plan))
    terminal.say(planText(plan))
    await agree(plan, options, context)
    const started = performance.now()
    const report = await recover(plan, point, vault, options.start, tools, run)
    const { warnings } = terminal
    terminal.result(reportText(report, performance.now() - started), { ...report, warnings })
    // Once more, below the good news: by now they are far up among the steps.
    if (!terminal.options.json) for (const text of warnings) terminal.warn(text)
  })
}

/** A recovery destroys nothing, so it goes ahead where nobody can be asked; on a terminal the plan is confirmed. */
async function agree(plan: RecoveryPlan, options: RecoverOptions, { terminal }: Context): Promise<void> {
  if (options.yes || !terminal.interactive || plan.obstacles.length > 0) return
  terminal.clear()
  if (!(await confirm({ message: 'Go ahead?' }, terminal.question)))
    throw new RecoveryError('interrupted', 'not confirmed; nothing was changed')
}

function planText(plan: RecoveryPlan): string {
  const { manifest, target } = plan
  const rows = [
    [
      plan.continues ? 'continue' : 'recover',
      `${manifest.project.name} of ${originText(originOf(manifest.project))}, point ${shortId(plan.point)} of ${timeText(new Date(manifest.takenAt))}`,
    ],
    [
      'into',
      `${target.root}${manifest.project.composeFiles.length > 0 ? ` as Compose project ${target.projectName}` : ''}`,
    ],
    ...(manifest.code
      ? [
          [
            'code',
            manifest.code.kind === 'git'
              ? `git, ${plural(manifest.code.refs.length, 'ref')}, work tree as it was`
              : plural(manifest.code.files, 'file'),
          ],
        ]
      : []),
    ['config', manifest.config.map(({ path: file }) => file).join(', ') || 'none'],
    ...manifest.servers.map(({ name, databases }) => [
      'database',
      `${name}: ${databases.map(database => database.name).join(', ')}`,
    ]),
    ...plan.volumes.map(({ facts, name }) => ['volume', `${facts.key} → ${name} (${sizeText(facts.bytes)})`]),
    ...plan.images.map(({ reference, from }) => [
      'image',
      `${reference} (${{ here: 'already here', point: 'from the point', pull: 'to be pulled', build: 'built from the code' }[from]})`,
    ]),
    ['start', plan.services.join(', ') || 'nothing'],
    ...plan.obstacles.map(({ message, hint }) => ['IN THE WAY', `${message}\n            hint: ${hint}`]),
  ]
  return table(rows)
}

const planJson = ({ manifest, ...plan }: RecoveryPlan) => ({
  ...plan,
  project: manifest.project,
  volumes: plan.volumes.map(({ facts, name }) => ({ key: facts.key, name, bytes: facts.bytes })),
  images: plan.images.map(({ facts, reference, from }) => ({ service: facts.service, reference, from })),
})

function reportText({ projectName, root, steps, checks, services }: RecoveryReport, ms: number): string {
  return [
    '',
    table(steps.map(({ step, ms }) => [`  ${step}`, durationText(ms)])),
    `  ${plural(checks.length, 'check')} passed: every row counted, every file compared`,
    '',
    `${projectName} is back in ${root}, in ${durationText(ms)}${services.length > 0 ? `; running: ${services.join(', ')}` : ''}`,
  ].join('\n')
}
