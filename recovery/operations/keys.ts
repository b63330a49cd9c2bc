import { RecoveryError } from '../domain/errors.ts'
import type { Run } from '../domain/run.ts'
import type { KeyInfo, Vault } from '../../vault/index.ts'
import { recoveryKeyName } from './init.ts'
import { vaultRun } from './point-writer.ts'

/** A key of a vault, for people. */
export interface ShownKey extends KeyInfo {
  /** This run has opened the vault with it. */
  readonly inUse: boolean
  readonly isRecoveryCode: boolean
}

/** Who can open the vault, oldest first. */
export async function listKeys(vault: Vault): Promise<readonly ShownKey[]> {
  const keys = (await vault.listKeys()).map(key => ({
    ...key,
    inUse: key.id === vault.keyId,
    isRecoveryCode: key.username === recoveryKeyName,
  }))
  return keys.toSorted((a, b) => (a.created?.getTime() ?? 0) - (b.created?.getTime() ?? 0))
}

/** The one key whose id begins so. Rejects with bad-input where there is none, or several. */
export async function findKey(vault: Vault, beginning: string): Promise<ShownKey> {
  const fitting = (await listKeys(vault)).filter(({ id }) => id.startsWith(beginning.toLowerCase()))
  const [found, ...more] = fitting
  if (found && more.length === 0) return found
  throw new RecoveryError('bad-input', `${found ? 'several keys start' : 'no key starts'} with ${beginning}`, {
    hint: 'see which there are with: aidatavault key list',
  })
}

/** Removes a key. The one in use is refused, so that the vault keeps one that is known to open it. */
export const removeKey = (vault: Vault, { id }: ShownKey, run: Run): Promise<void> =>
  vault.removeKey(id, vaultRun(run, 'key'))

/** Adds a key under a name of its own. */
export function addKey(vault: Vault, password: string, name: string): Promise<string> {
  if (name !== recoveryKeyName) return vault.addKey(password, name)
  throw new RecoveryError('bad-input', `"${name}" is the name of the recovery code`, {
    hint: 'choose another name; the recovery code is renewed with: aidatavault key recovery-code',
  })
}

/**
 * Gives the key in use another password. `known` is called when the new one opens the vault, before the old one no longer does.
 * Returns the new key's id.
 */
export async function changePassword(
  vault: Vault,
  password: string,
  known: () => Promise<void>,
  run: Run,
): Promise<string> {
  const mine = (await listKeys(vault)).find(({ inUse }) => inUse)
  if (mine?.isRecoveryCode)
    throw new RecoveryError(
      'bad-input',
      'the vault was opened with its recovery code, which has no password to change',
      {
        hint: 'open it with the password; or, if that is lost, make another one with: aidatavault key add',
      },
    )
  return vault.replaceKeys([vault.keyId], password, mine?.username ?? '', known, vaultRun(run, 'key'))
}

/** Makes `code` the vault's one recovery code. `shown` is called when it opens the vault, before the former no longer does. */
export async function renewRecoveryCode(
  vault: Vault,
  code: string,
  shown: (replaced: readonly ShownKey[]) => Promise<void>,
  run: Run,
): Promise<readonly ShownKey[]> {
  const old = (await listKeys(vault)).filter(({ isRecoveryCode }) => isRecoveryCode)
  const ids = old.map(({ id }) => id)
  await vault.replaceKeys(ids, code, recoveryKeyName, () => shown(old), vaultRun(run, 'key'))
  return old
}
