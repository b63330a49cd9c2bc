import { randomBytes } from 'node:crypto'
import { newVaultKey, type VaultKey } from './crypto/keys.ts'
import { seal } from './crypto/seal.ts'
import { randomPolynomial } from './chunker/polynomial.ts'
import { VaultError } from './errors.ts'
import { encodeConfig } from './format/config.ts'
import { saveKey, type NewKey } from './keyring.ts'
import { openRepository, type OpenedRepository } from './open.ts'
import type { Storage } from './storage/storage.ts'

/**
 * Makes a vault where there is none, and opens it anew with the password: what this returns has proved that it can be
 * opened. Rejects with vault-exists if anything of a vault is there already; then nothing is changed.
 */
export async function createRepository(
  storage: Storage,
  first: NewKey,
  polynomial = randomPolynomial(),
): Promise<OpenedRepository> {
  await refuseExisting(storage)
  await storage.prepare()
  const key = newVaultKey()
  const keyId = await saveKey(storage, key, first)
  try {
    await refuseSecondCreator(storage, keyId)
    await saveConfig(storage, key, polynomial)
  } catch (error) {
    // A key that is left would keep the next attempt from being made.
    await storage.remove('keys', keyId).catch(() => {})
    throw error
  }
  return openRepository(storage, first.password)
}

// It comes last: as long as it is missing, nobody takes this for a vault.
async function saveConfig(storage: Storage, key: VaultKey, polynomial: bigint): Promise<void> {
  const config = encodeConfig({ version: 2, id: randomBytes(32).toString('hex'), polynomial })
  await storage.save('config', '', seal(key, config))
}

async function refuseExisting(storage: Storage): Promise<void> {
  if ((await storage.size('config', '')) !== undefined)
    throw new VaultError('vault-exists', `there is a vault at ${storage.location} already`, {
      hint: 'open it with its password, or choose another place for a new one',
    })
  for (const type of ['keys', 'snapshots', 'index', 'data'] as const)
    if ((await storage.list(type)).length > 0) throw partOfVault(storage, type)
}

const partOfVault = (storage: Storage, type: string): VaultError =>
  new VaultError('vault-exists', `at ${storage.location} there are ${type} of a vault, but no config`, {
    hint:
      type === 'keys'
        ? 'if making a vault was interrupted there, remove the files in its keys folder and try again; else restore its config'
        : 'restore its config, or choose another place for a new vault',
  })

// Two that create at the same time would overwrite each other's config. Each looks again after its key is stored, so
// that at least one of them sees the other, and gives way.
async function refuseSecondCreator(storage: Storage, keyId: string): Promise<void> {
  const others = (await storage.list('keys')).filter(({ name }) => name !== keyId)
  if (others.length === 0) return
  throw new VaultError('vault-exists', `somebody else is making a vault at ${storage.location}`)
}
