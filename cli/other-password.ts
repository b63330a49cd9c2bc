import { password as ask } from './questions.ts'
import { RecoveryError } from '../recovery/domain/errors.ts'
import { passwordOf } from '../recovery/operations/index.ts'
import { rememberedPassword } from './credentials.ts'
import { askTwice, givenPassword, passwordFrom, type PasswordOptions, type PasswordSource } from './password.ts'
import type { Terminal } from './terminal.ts'

// A second vault has a password of its own, or the first one's.

const sourceOf = ({ targetPasswordFile, targetPasswordCommand }: PasswordOptions): PasswordSource => ({
  file: targetPasswordFile,
  command: targetPasswordCommand,
  variable: 'AIDATAVAULT_TARGET_PASSWORD',
  words: '--target-password-file, --target-password-command or AIDATAVAULT_TARGET_PASSWORD',
})

export const otherPasswordHint =
  'give its own with AIDATAVAULT_TARGET_PASSWORD, --target-password-file FILE or --target-password-command COMMAND'

/** A password for a second vault; `isGuess`: it is the one that was given for the first. */
export interface OtherPassword {
  readonly password: string
  readonly isGuess: boolean
}

/**
 * The first of: what was given for second vaults, the credentials file, what was given for the first vault, the prompt.
 * Rejects with bad-input when nobody can be asked.
 */
export async function findOtherPassword(
  location: string,
  options: PasswordOptions,
  terminal: Terminal,
): Promise<OtherPassword> {
  const known = await knownOtherPassword(location, options)
  if (known) return known
  if (!terminal.interactive)
    throw new RecoveryError('bad-input', `no password for the vault ${location}`, { hint: otherPasswordHint })
  terminal.clear()
  const typed = await ask({ message: `Password or recovery code of the vault ${location}:` }, terminal.question)
  return { password: passwordOf(typed), isGuess: false }
}

/** The same, where nobody is asked. */
export async function knownOtherPassword(
  location: string,
  options: PasswordOptions,
): Promise<OtherPassword | undefined> {
  const own = (await passwordFrom(sourceOf(options))) ?? (await rememberedPassword(location))
  const password = own ?? (await givenPassword(options))
  return password === undefined ? undefined : { password, isGuess: own === undefined }
}

/** For a second vault that is new: its own, the first one's, or one that is asked for twice. */
export async function newOtherPassword(
  location: string,
  options: PasswordOptions,
  terminal: Terminal,
): Promise<string> {
  const given = (await passwordFrom(sourceOf(options))) ?? (await givenPassword(options))
  if (given !== undefined) return given
  if (terminal.interactive) return askTwice(location, terminal)
  throw new RecoveryError('bad-input', `no password for the vault ${location}`, { hint: otherPasswordHint })
}
