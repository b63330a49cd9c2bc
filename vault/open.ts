import type { VaultKey } from './crypto/keys.ts'
import { unseal } from './crypto/seal.ts'
import { VaultError } from './errors.ts'
import { parseConfig, type Config } from './format/config.ts'
import { damaged } from './format/damaged.ts'
import { findKeys, openKeys, type FoundKey } from './keyring.ts'
import { Repository } from './repository.ts'
import type { Storage } from './storage/storage.ts'

/** A repository and the key file that opened it. */
export interface OpenedRepository {
  readonly repository: Repository
  readonly keyId: string
}

/**
 * Opens a vault with a password. Each key that is tried takes as long as its scrypt does: those of the user `triedLast` come after
 * the others. Rejects with vault-missing, wrong-password, vault-unsupported, or vault-damaged when
 * the password is right but the vault cannot be opened.
 */
export async function openRepository(
  storage: Storage,
  password: string,
  triedLast?: string,
): Promise<OpenedRepository> {
  const [sealedConfig, keys] = await Promise.all([loadConfig(storage), findKeys(storage)])
  if (!sealedConfig) throw withoutConfig(storage, keys)
  if (keys.length === 0) throw damaged(`the vault at ${storage.location} has no key file left`)
  let opened = false
  for await (const { id, key } of openKeys(triedLast === undefined ? keys : inTurn(keys, triedLast), password)) {
    opened = true
    const config = readConfig(sealedConfig, key)
    if (config) return { repository: new Repository(storage, key, config), keyId: id }
  }
  throw opened ? damaged(`the config of the vault at ${storage.location} is damaged`) : wrongPassword(storage, keys)
}

/** Damaged ones stay behind those that are not. */
const inTurn = (keys: readonly FoundKey[], triedLast: string): FoundKey[] => {
  const isLast = ({ file }: FoundKey) => file?.username === triedLast
  return keys.toSorted((a, b) => Number(b.intact) - Number(a.intact) || Number(isLast(a)) - Number(isLast(b)))
}

async function loadConfig(storage: Storage): Promise<Buffer | undefined> {
  try {
    return await storage.load('config', '')
  } catch (error) {
    if (error instanceof VaultError && error.code === 'file-missing') return undefined
    throw error
  }
}

// A key file of another vault may open with the same password; then the config does not open, and the next is tried.
function readConfig(sealed: Buffer, key: VaultKey): Config | undefined {
  try {
    return parseConfig(unseal(key, sealed))
  } catch (error) {
    if (error instanceof VaultError && error.code === 'vault-damaged') return undefined
    throw error
  }
}

function withoutConfig(storage: Storage, keys: readonly FoundKey[]): VaultError {
  if (keys.length > 0) return damaged(`the vault at ${storage.location} has keys, but its config is missing`)
  return new VaultError('vault-missing', `there is no vault at ${storage.location}`, {
    hint: 'check the location, and that its disk is mounted; a new vault is made with: aidatavault init',
  })
}

function wrongPassword(storage: Storage, keys: readonly FoundKey[]): VaultError {
  const bad = keys.filter(key => !key.intact)
  const first = keys.find(key => key.error)
  if (keys.every(key => !key.file))
    return first?.error instanceof VaultError && first.error.code !== 'vault-damaged'
      ? first.error
      : damaged(`no key file of the vault at ${storage.location} can be read`, first?.error)
  const alsoBad = bad.length > 0 ? `; ${bad.length} of its ${keys.length} key files are damaged` : ''
  return new VaultError('wrong-password', `this password does not open the vault at ${storage.location}${alsoBad}`, {
    hint: 'try the recovery code of the recovery kit; spaces, case and keyboard layout matter',
  })
}
