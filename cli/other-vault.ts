import { RecoveryError } from '../recovery/domain/errors.ts'
import { joinVault, type OpenedPlace, type Vault } from '../recovery/operations/index.ts'
import { findOtherPassword, otherPasswordHint } from './other-password.ts'
import { accessOf, openVaultAt, type Context } from './context.ts'

/** Opens a second vault (of `copy`, or a further one of the project), uses it and closes it. */
export async function withOtherVault<T>(
  context: Context,
  location: string,
  use: (vault: Vault) => Promise<T>,
): Promise<T> {
  const vault = await openOtherVault(context, location)
  try {
    return await use(vault)
  } finally {
    await vault.close()
  }
}

/** With the password that is meant for it; or, where none is known, with that of the first vault, which often is the same. */
export async function openOtherVault(context: Context, location: string): Promise<Vault> {
  const { password, isGuess } = await findOtherPassword(location, context.options, context.terminal)
  try {
    return await joinVault(location, password, accessOf({ ...context, readsAll: false }))
  } catch (error) {
    const isWrong = error instanceof Error && 'code' in error && error.code === 'wrong-password'
    if (!isWrong || !isGuess) throw error
    throw new RecoveryError('wrong-password', `the password of the first vault does not open ${location}`, {
      hint: otherPasswordHint,
      cause: error,
    })
  }
}

/** The project's vaults, each opened or with the reason why not; `use` gets them in order. At least one is open. */
export async function withVaults<T>(
  context: Context,
  locations: readonly string[],
  use: (opened: readonly OpenedPlace[]) => Promise<T>,
): Promise<T> {
  const opened: OpenedPlace[] = []
  try {
    for (const [at, location] of locations.entries()) opened.push(await tryToOpen(context, location, at === 0))
    const [first] = opened
    if (first && opened.every(place => 'error' in place) && 'error' in first) throw first.error
    return await use(opened)
  } finally {
    for (const place of opened) if ('vault' in place) await place.vault.close()
  }
}

/** Of the vaults that `withVaults` gives, which promises that there is one. */
export const firstOpened = (opened: readonly OpenedPlace[]): Vault =>
  opened.flatMap(place => ('vault' in place ? place.vault : []))[0]!

async function tryToOpen(context: Context, location: string, isFirst: boolean): Promise<OpenedPlace> {
  try {
    const vault = await (isFirst ? openVaultAt(location, context) : openOtherVault(context, location))
    return { location, vault }
  } catch (error) {
    if (context.run.signal.aborted) throw error
    return { location, error }
  }
}
