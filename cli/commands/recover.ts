import path from 'node:path'
import type { Command } from 'commander'
import { planRecovery, recover } from '../../recovery/operations/index.ts'
import { choosePoint, type PointWords } from '../choose-point.ts'
import { vaultLocation, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { agree, recoveryJson, recoveryText, reportRecovery } from './recovery-text.ts'

interface RecoverOptions extends PointWords {
  readonly plan?: boolean
  readonly yes?: boolean
  readonly start: boolean
  readonly reconcilePasswords?: boolean
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
    .option(
      '--reconcile-passwords',
      "of servers captured physically: roles that are refused get the recovered project's password",
    )
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
      {
        root,
        start: options.start,
        reconcilePasswords: options.reconcilePasswords ?? false,
        ...(projectName === undefined ? {} : { projectName }),
      },
      point,
      vault,
      tools,
      run,
    )
    if (options.plan) return terminal.result(recoveryText(plan), recoveryJson(plan))
    terminal.say(recoveryText(plan))
    await agree(plan, options, context)
    const started = performance.now()
    const report = await recover(plan, point, vault, options.start, tools, run)
    reportRecovery(report, performance.now() - started, terminal)
  })
}
