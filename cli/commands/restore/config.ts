import type { Command } from 'commander'
import { planConfig, restoreConfig, restoreConfigInto } from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import { findProjectOrLost } from '../../lost-project.ts'
import type { Follow } from '../../program.ts'
import { carryOut, inRestoration, withRestoreOptions, type RestoreOptions } from './frame.ts'

interface ConfigOptions extends RestoreOptions {
  readonly key?: string[]
  readonly all?: boolean
  readonly into?: string
}

const repeat = (value: string, values: string[] = []) => [...values, value]

export function addRestoreConfig(parent: Command, follow: Follow): void {
  withRestoreOptions(
    parent
      .command('config [FILES...]')
      .description('env files and secrets that differ or are gone, or the files that are named; values are never shown')
      .option('--key <KEY>', 'only this key, into the file as it is today; may be repeated', repeat)
      .option('--all', 'compose files and mounted configuration too')
      .option('--into <DIR>', 'into another folder, and leave the project as it is'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault restore config --plan\n  aidatavault restore config server/.env --yes\n  aidatavault restore config --key API_KEY\n',
    )
    .action((files: string[], options: ConfigOptions) => follow(context => runRestoreConfig(files, options, context)))
}

async function runRestoreConfig(files: string[], options: ConfigOptions, context: Context): Promise<void> {
  const { key: keys = [], all = false, accept = [] } = options
  const found = (await findProjectOrLost(context))!
  await inRestoration(context, { reads: options.plan ?? false, found }, async restoration => {
    const plan = await planConfig({ ...options, files, keys, all, accept }, restoration)
    await carryOut(plan, options, context, () =>
      plan.into === null ? restoreConfig(plan, restoration) : restoreConfigInto(plan, restoration),
    )
  })
}
