import path from 'node:path'
import type { Command } from 'commander'
import { planCode, planInto, restoreCode, restoreCodeInto } from '../../../recovery/operations/index.ts'
import { choosePoint } from '../../choose-point.ts'
import { configuredVault, withVault, type Context } from '../../context.ts'
import { findProjectOrLost } from '../../lost-project.ts'
import type { Follow } from '../../program.ts'
import { carryOut, inRestoration, withRestoreOptions, type RestoreOptions } from './frame.ts'

interface CodeOptions extends RestoreOptions {
  readonly into?: string
  readonly atCommit?: string
}

export function addRestoreCode(parent: Command, follow: Follow): void {
  withRestoreOptions(
    parent
      .command('code')
      .description('the exact work tree of a point: branch, index, stashes, changed and untracked files')
      .option('--into <DIR>', 'into a new folder, and leave the project as it is')
      .option('--at-commit <REV>', 'only the tracked files of a commit (id, branch, tag), on a new branch'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault restore code --plan\n  aidatavault restore code --point 2026-03-01 --yes\n  aidatavault restore code --at-commit v1.2\n  aidatavault restore code --into ../as-it-was\n',
    )
    .action((options: CodeOptions) => follow(context => runRestoreCode(options, context)))
}

async function runRestoreCode(options: CodeOptions, context: Context): Promise<void> {
  const found = await findProjectOrLost(context, options.into !== undefined)
  if (!found) return runInto(options, context)
  await inRestoration(context, { reads: options.plan ?? false, found }, async restoration => {
    const plan = await planCode({ ...options, accept: options.accept ?? [] }, restoration)
    await carryOut(plan, options, context, () =>
      plan.into === null ? restoreCode(plan, restoration) : restoreCodeInto(plan, restoration),
    )
  })
}

/** Without a project, there is only a vault and a new folder. */
async function runInto({ into, accept = [], ...options }: CodeOptions, context: Context): Promise<void> {
  await withVault(context, configuredVault(context, undefined), async vault => {
    const project = accept.find(word => word.startsWith('project='))?.slice('project='.length)
    const words = { point: options.point, ...(project === undefined ? {} : { project }) }
    const plan = await planInto(await choosePoint(vault, words, context.terminal), path.resolve(into!))
    await carryOut(plan, options, context, () => restoreCodeInto(plan, { vault, run: context.run }))
  })
}
