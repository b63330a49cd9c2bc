import type { Command } from 'commander'
import { planPruneVault, pruneVault } from '../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, vaultLocation, withVault, type Context } from '../context.ts'
import type { Follow } from '../program.ts'
import { pruneLines, pruneOptions, withPruneOptions, type PruneWords } from './prune-text.ts'

type Options = PruneWords & { readonly plan?: boolean }

export function pruneCommand(program: Command, follow: Follow): void {
  withPruneOptions(
    program.command('prune [VAULT]').description('remove from the vault what no point needs; retain does it by itself'),
  )
    .option('--plan', 'show what would be removed, then stop')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault prune --plan\n  aidatavault prune /mnt/backup/vault --max-unused 10%\n',
    )
    .action((vault: string | undefined, options: Options) => follow(context => runPrune(vault, options, context)))
}

async function runPrune(named: string | undefined, options: Options, context: Context): Promise<void> {
  const { terminal, run } = context
  const project = named ? undefined : await projectIfAny(context)
  const how = pruneOptions(options, project?.config.retain?.maxUnused)
  const location = named ? vaultLocation(named) : configuredVault(context, project)
  await withVault(context, location, async vault => {
    const plan = await (options.plan ? planPruneVault : pruneVault)(vault, how, run)
    const lines = pruneLines(plan, !options.plan)
    terminal.result([...lines, ...(options.plan ? ['Nothing was done.'] : [])].join('\n'), plan)
  })
}
