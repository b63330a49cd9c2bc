import { VaultError } from './errors.ts'
import { findKeys, openKeys, saveKey, type NewKey } from './keyring.ts'
import { withLock } from './locks.ts'
import type { LockTiming } from './locks/timing.ts'
import type { Repository } from './repository.ts'
import { storagePath } from './storage/layout.ts'
import type { VaultRun } from './types.ts'

// Changing who can open a vault. A new key is opened again with its password before an old one goes, so that there is no
// moment in which nobody, or only a key that nobody has tried, opens it.

/** Stores a key for a password and opens the vault's key file with it; returns its id. */
export async function addKey({ storage, key }: Repository, wanted: NewKey): Promise<string> {
  const id = await saveKey(storage, key, wanted)
  if (await opens({ storage, key }, id, wanted.password)) return id
  await storage.remove('keys', id)
  throw new VaultError('storage-failed', 'the new key does not open the vault; it was removed again', {
    hint: 'the memory of this machine or the storage may be faulty; the other keys were not touched',
  })
}

async function opens({ storage, key }: Pick<Repository, 'storage' | 'key'>, id: string, password: string) {
  const stored = (await findKeys(storage)).filter(found => found.id === id && found.intact)
  for await (const opened of openKeys(stored, password)) if (opened.key.encrypt.equals(key.encrypt)) return true
  return false
}

export interface KeyOptions {
  /** The key file that this run has opened the vault with. */
  readonly inUse: string
  readonly timing?: LockTiming
}

/** Removes a key. Rejects with bad-input where it is the one in use: then some other is left in any case. */
export function removeKey(
  repository: Repository,
  id: string,
  { inUse, timing }: KeyOptions,
  run: VaultRun,
): Promise<void> {
  if (id === inUse)
    throw new VaultError('bad-input', `${storagePath('keys', id)} is the key that the vault was opened with`, {
      hint: 'change its password with: aidatavault key passwd; or open the vault with another password to remove it',
    })
  return alone(repository, timing, run, async () => {
    if (!(await findKeys(repository.storage)).some(found => found.id === inUse && found.intact))
      throw new VaultError('vault-damaged', `the key in use, ${storagePath('keys', inUse)}, is not there any more`, {
        hint: 'nothing was removed; make a good one first with: aidatavault key add',
      })
    await repository.storage.remove('keys', id)
  })
}

/**
 * Adds a key, opens the vault with it, calls `added`, and only then removes the old ones, be one of them in use. Returns the new
 * one's id. Whatever breaks off on the way leaves a vault that the old passwords open, or the new one, or both.
 */
export function replaceKeys(
  repository: Repository,
  old: readonly string[],
  wanted: NewKey,
  { added, timing }: { readonly added: (id: string) => Promise<void>; readonly timing?: LockTiming },
  run: VaultRun,
): Promise<string> {
  return alone(repository, timing, run, async () => {
    const id = await addKey(repository, wanted)
    await added(id)
    for (const name of old) if (name !== id) await repository.storage.remove('keys', name)
    return id
  })
}

// As restic: nobody else changes keys meanwhile.
const alone = <T>(
  repository: Repository,
  timing: LockTiming | undefined,
  run: VaultRun,
  use: () => Promise<T>,
): Promise<T> => withLock(repository, { exclusive: true, ...(timing && { timing }) }, run, use)
