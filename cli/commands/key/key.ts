import type { Command } from 'commander'
import { addKey, listKeys, shortId, type ShownKey } from '../../../recovery/operations/index.ts'
import { configuredVault, projectIfAny, withVault, type Context } from '../../context.ts'
import { newKeyPassword, withNewPasswordOptions, type NewPasswordOptions } from '../../new-password.ts'
import type { Follow } from '../../program.ts'
import { table, timeText } from '../../words.ts'
import { addPasswd } from './passwd.ts'
import { addRecoveryCode } from './recovery-code.ts'
import { addRemove } from './remove.ts'

/** Opens the vault of the project, or the one that --vault names. */
export async function inVault<T>(context: Context, use: Parameters<typeof withVault<T>>[2]): Promise<T> {
  return withVault(context, configuredVault(context, await projectIfAny(context)), use)
}

export function keyCommand(program: Command, follow: Follow): void {
  const key = program.command('key').description('who can open the vault: list, add, remove, change passwords')
  key
    .command('list')
    .description('the keys of the vault')
    .action(() => follow(runList))
  withNewPasswordOptions(key.command('add'))
    .description('a further password for the vault')
    .option('--name <NAME>', 'tells the key apart from others', 'further key')
    .addHelpText(
      'after',
      '\nExamples:\n  aidatavault key add --name office\n  aidatavault key add --new-password-file ~/new\n',
    )
    .action((options: AddOptions) => follow(context => runAdd(options, context)))
  addRemove(key, follow)
  addPasswd(key, follow)
  addRecoveryCode(key, follow)
}

async function runList(context: Context): Promise<void> {
  const keys = await inVault(context, listKeys)
  context.terminal.result(
    table([
      ['KEY', 'NAME', 'HOST', 'CREATED', ''],
      ...keys.map(({ id, username, hostname, created, inUse }) => [
        shortId(id),
        username,
        hostname,
        created ? timeText(created) : '?',
        inUse ? '(in use)' : '',
      ]),
    ]),
    keys.map(keyJson),
  )
}

const keyJson = ({ id, username, hostname, created, inUse, isRecoveryCode }: ShownKey) => ({
  key: id,
  name: username,
  hostname,
  created: created?.toISOString() ?? null,
  inUse,
  isRecoveryCode,
})

interface AddOptions extends NewPasswordOptions {
  readonly name: string
}

async function runAdd(options: AddOptions, context: Context): Promise<void> {
  await inVault(context, async vault => {
    const password = await newKeyPassword(vault.location, options, context.terminal)
    const id = await addKey(vault, password, options.name)
    context.terminal.result(`key ${shortId(id)} (${options.name}) opens the vault now`, { key: id, name: options.name })
  })
}
