import type { Run } from '../../domain/run.ts'
import type { Vault } from '../../../vault/index.ts'
import { recoveryKeyName } from '../init.ts'
import { listKeys, removeKey, type ShownKey } from '../keys.ts'

/**
 * Makes `code` a further recovery code of every vault, then calls `shown`, which hands it over. Codes that are there stay. Where anything
 * of that fails, no vault has the new one: whoever holds a kit holds a good one, wherever this breaks off.
 */
export async function addCodeEverywhere(
  vaults: readonly Vault[],
  code: string,
  shown: () => Promise<void>,
  run: Run,
): Promise<void> {
  const added: { readonly vault: Vault; readonly id: string }[] = []
  try {
    for (const vault of vaults) {
      run.signal.throwIfAborted()
      added.push({ vault, id: await vault.addKey(code, recoveryKeyName) })
    }
    await shown()
  } catch (error) {
    // Also when the run is to stop: a key that nobody has the code of would stay for ever.
    for (const { vault, id } of added) await vault.removeKey(id, {}).catch(() => {})
    throw error
  }
}

/** Takes every recovery code away but the one that the vault was opened with. Returns those that are gone. */
export async function removeOtherCodes(vault: Vault, run: Run): Promise<readonly ShownKey[]> {
  const others = (await listKeys(vault)).filter(({ isRecoveryCode, inUse }) => isRecoveryCode && !inUse)
  for (const key of others) await removeKey(vault, key, run)
  return others
}
