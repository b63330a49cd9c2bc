import type { Command } from 'commander'
import { choosePart, planRecovery, recover } from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import type { Follow } from '../../program.ts'
import { agree, recoveryJson, recoveryText, reportRecovery } from '../recovery-text.ts'
import { inRestoration, withRestoreOptions, type RestoreOptions } from './frame.ts'

interface DataOptions extends RestoreOptions {
  readonly start: boolean
  readonly reconcilePasswords?: boolean
}

export function addRestoreData(parent: Command, follow: Follow): void {
  withRestoreOptions(
    parent
      .command('data')
      .description('every volume and database that is gone (docker compose down -v), into the folder as it stands'),
  )
    .option(
      '--reconcile-passwords',
      "of servers captured physically: roles that are refused get the project's password of today",
    )
    .option('--no-start', 'bring everything back, but leave the services stopped')
    .addHelpText('after', '\nExamples:\n  aidatavault restore data --plan\n  aidatavault restore data --yes\n')
    .action((options: DataOptions) => follow(context => runData(options, context)))
}

const runData = (options: DataOptions, context: Context): Promise<void> =>
  inRestoration(context, { reads: options.plan ?? false }, async ({ project, vault, tools, run }) => {
    const data = { what: 'a volume or database', isIn: hasData }
    const point = await choosePart(vault, project.facts, { point: options.point, accept: options.accept ?? [] }, data)
    const request = {
      ...{ root: project.root, projectName: project.facts.name, start: options.start, into: project },
      reconcilePasswords: options.reconcilePasswords ?? false,
    }
    const plan = await planRecovery(request, point, vault, tools, run)
    if (options.plan) return context.terminal.result(recoveryText(plan), recoveryJson(plan))
    context.terminal.say(recoveryText(plan))
    await agree(plan, options, context)
    const started = performance.now()
    const report = await recover(plan, point, vault, options.start, tools, run)
    reportRecovery(report, performance.now() - started, context.terminal)
  })

const hasData = ({ servers, volumes }: { servers: readonly unknown[]; volumes: readonly unknown[] }) =>
  servers.length + volumes.length > 0
