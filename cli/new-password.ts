import type { Command } from 'commander'
import { RecoveryError } from '../recovery/domain/errors.ts'
import { askTwice, passwordFrom } from './password.ts'
import type { Terminal } from './terminal.ts'

/** Where the password of a new key comes from; never the command line itself. */
export interface NewPasswordOptions {
  readonly newPasswordFile?: string
  readonly newPasswordCommand?: string
}

export const withNewPasswordOptions = (command: Command): Command =>
  command
    .option('--new-password-file <FILE>', 'read the new password from a file')
    .option('--new-password-command <COMMAND>', 'take the new password from the output of a command')

/** The first of: --new-password-file, --new-password-command, AIDATAVAULT_NEW_PASSWORD, the prompt, twice. */
export async function newKeyPassword(
  location: string,
  { newPasswordFile, newPasswordCommand }: NewPasswordOptions,
  terminal: Terminal,
): Promise<string> {
  const words = '--new-password-file, --new-password-command or AIDATAVAULT_NEW_PASSWORD'
  const source = { file: newPasswordFile, command: newPasswordCommand, variable: 'AIDATAVAULT_NEW_PASSWORD', words }
  const given = await passwordFrom(source)
  if (given !== undefined) return given
  if (terminal.interactive) return askTwice(location, terminal)
  throw new RecoveryError('bad-input', 'no new password was given', { hint: `give it with ${words}` })
}
