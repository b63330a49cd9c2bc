import type { Command } from 'commander'
import {
  forgetKitCheck,
  kitSheet,
  kitText,
  newRecoveryCode,
  renewRecoveryCode,
} from '../../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../../context.ts'
import type { Follow } from '../../program.ts'

export function addRecoveryCode(key: Command, follow: Follow): void {
  key
    .command('recovery-code')
    .description('a new recovery code in place of the one on the recovery kit, and the kit once more')
    .action(() => follow(runRecoveryCode))
}

async function runRecoveryCode(context: Context): Promise<void> {
  const project = await projectIfAny(context)
  await withVault(context, configuredVault(context, project), async vault => {
    const code = newRecoveryCode()
    const replaced = await renewRecoveryCode(
      vault,
      code,
      async old => {
        // Wherever this breaks off, nobody takes a kit for good whose code is gone.
        if (project) await forgetKitCheck(project)
        // Before the old one is gone: a code that nobody could read must not be the only one.
        const vaults = [{ locations: [vault.location], code }]
        const text = project ? kitText(kitSheet(project, vaults, new Date())) : `Recovery code: ${code}`
        context.terminal.result(text, {
          vault: vault.location,
          recoveryCode: code,
          replaced: old.map(({ id }) => id),
        })
      },
      context.run,
    )
    if (replaced.length > 0)
      context.terminal.say('The recovery code printed before opens the vault no more: destroy the kits that have it.')
  })
}
