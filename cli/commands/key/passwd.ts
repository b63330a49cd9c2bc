import type { Command } from 'commander'
import { changePassword, shortId } from '../../../recovery/operations/index.ts'
import type { Context } from '../../context.ts'
import { rememberedPassword, rememberPassword } from '../../credentials.ts'
import { newKeyPassword, withNewPasswordOptions, type NewPasswordOptions } from '../../new-password.ts'
import type { Follow } from '../../program.ts'
import { inVault } from './key.ts'

export function addPasswd(key: Command, follow: Follow): void {
  withNewPasswordOptions(key.command('passwd'))
    .description('another password in place of the one that the vault was opened with')
    .action((options: NewPasswordOptions) => follow(context => runPasswd(options, context)))
}

async function runPasswd(options: NewPasswordOptions, context: Context): Promise<void> {
  await inVault(context, async vault => {
    const { location, keyId } = vault
    const password = await newKeyPassword(location, options, context.terminal)
    const isRemembered = (await rememberedPassword(location)) !== undefined
    // While both open the vault, so that no scheduled backup meets a password that does not.
    const remember = async () => {
      if (isRemembered) await rememberPassword(location, password)
    }
    const id = await changePassword(vault, password, remember, context.run)
    context.terminal.result(`the password is changed: key ${shortId(id)} in place of ${shortId(keyId)}`, {
      key: id,
      replaced: keyId,
    })
  })
}
