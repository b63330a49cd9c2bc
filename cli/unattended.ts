import { messageOf, RecoveryError } from '../recovery/domain/errors.ts'
import { joinVault } from '../recovery/operations/index.ts'
import { accessOf, assertVaultKnown, type Context } from './context.ts'
import { rememberedPassword } from './credentials.ts'
import { knownOtherPassword } from './other-password.ts'
import { givenPassword } from './password.ts'

/**
 * Makes sure that every vault can be opened where nobody is asked: said now, not in the night. Rejects with bad-input where a password
 * is missing, with wrong-password where it opens nothing; warns where a vault cannot be reached at the moment.
 */
export async function assertUnattended(locations: readonly string[], context: Context): Promise<void> {
  assertVaultKnown(locations[0])
  for (const [at, location] of locations.entries()) {
    const password = await passwordOf(location, at === 0, context)
    if (password === undefined) throw missing(location)
    await tryToOpen(location, password, context)
  }
}

const missing = (location: string) =>
  new RecoveryError('bad-input', `nobody will be there to type the password of the vault ${location}`, {
    hint: 'let init remember it (init VAULT, without --no-remember), or give --password-file FILE, --password-command COMMAND or AIDATAVAULT_PASSWORD',
  })

async function passwordOf(location: string, isFirst: boolean, { options }: Context): Promise<string | undefined> {
  if (isFirst) return (await givenPassword(options)) ?? (await rememberedPassword(location))
  return (await knownOtherPassword(location, options))?.password
}

async function tryToOpen(location: string, password: string, context: Context): Promise<void> {
  try {
    const vault = await joinVault(location, password, accessOf(context))
    await vault.close()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (context.run.signal.aborted || code === 'wrong-password') throw error
    context.terminal.warn(`the vault ${location} cannot be opened now: ${messageOf(error)}`)
  }
}
