import fs from 'node:fs/promises'
import path from 'node:path'
import { parseDocument } from 'yaml'
import { messageOf, RecoveryError } from '../domain/errors.ts'
import type { Project } from '../project/project.ts'
import {
  createVault,
  isRemote,
  openStorage,
  openVault,
  type Storage,
  type StorageOptions,
  type Vault,
} from '../../vault/index.ts'
import { codeIn, mistakeIn } from './kit/recovery-secret.ts'
import { assertNothingElse } from './vault-place.ts'
import { whoRuns } from './who.ts'

/** The project's own settings; optional, without secrets. */
export const configName = 'aidatavault.yml'

/** Whether there is a vault at the location already. */
export async function vaultExists(location: string, access: StorageOptions): Promise<boolean> {
  const storage = openStorage(location, access)
  try {
    return (await storage.size('config', '')) !== undefined
  } finally {
    await storage.close?.()
  }
}

/**
 * Makes a vault; one that cuts contents as `like` does is fit for copies of its points. Rejects with target-exists where
 * other files lie.
 */
export async function makeVault(
  location: string,
  password: string,
  access: StorageOptions,
  like?: Vault,
): Promise<Vault> {
  await assertNothingElse(location)
  return closedIfFailed(openStorage(location, access), storage =>
    createVault(storage, { password, ...whoRuns() }, like),
  )
}

/** The name of the key that the recovery code is. */
export const recoveryKeyName = 'recovery code'

/**
 * Gives the vault the code as a further key, unless it has a recovery code: then undefined. So one that broke off
 * between making the vault and this is made whole by the next init.
 */
export async function addRecoveryCode(vault: Vault, code: string): Promise<string | undefined> {
  const keys = await vault.listKeys()
  if (keys.some(({ username }) => username === recoveryKeyName)) return undefined
  await vault.addKey(code, recoveryKeyName)
  return code
}

/** How a vault is reached. */
export interface VaultAccess extends StorageOptions {
  /** Where copies of what was looked at in a remote vault may be kept; nowhere where left out. */
  readonly cacheFolder?: string
  /** Whether a check of all its data is what it is opened for, which then begins early. */
  readonly readsAll?: boolean
}

/** Opens the vault at a location. Where words of a recovery code were given that are none, the hint says which is wrong. */
export async function joinVault(location: string, password: string, access: VaultAccess): Promise<Vault> {
  const { cacheFolder, readsAll = false } = access
  const copies = cacheFolder !== undefined && isRemote(location) ? { cacheFolder } : {}
  const triedLast = codeIn(password) === undefined ? { triedLast: recoveryKeyName } : {}
  try {
    const open = (storage: Storage) => openVault(storage, { password, ...triedLast, ...copies, readsAll })
    return await closedIfFailed(openStorage(location, access), open)
  } catch (error) {
    const mistake = isWrongPassword(error) ? mistakeIn(password) : undefined
    if (mistake === undefined) throw error
    const hint = `as the words of a recovery code it is not right: ${mistake}; compare them with the sheet`
    throw new RecoveryError('wrong-password', messageOf(error), { hint, cause: error })
  }
}

const isWrongPassword = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'wrong-password'

// A vault that could not be opened leaves nobody who would end its storage's connections.
async function closedIfFailed(storage: Storage, open: (storage: Storage) => Promise<Vault>): Promise<Vault> {
  try {
    return await open(storage)
  } catch (error) {
    await storage.close?.().catch(() => {})
    throw error
  }
}

/** Where the project's settings are, or will be. */
export const configFile = (project: Project): string => path.join(project.directory, configName)

/** Rejects with bad-input when aidatavault.yml could not be written: to know before a vault is made. */
export async function assertConfigWritable(project: Project): Promise<void> {
  await fs.rm(await writeBeside(project, await currentConfig(project)))
}

/**
 * Writes id (the one that points were taken under so far) and vault into aidatavault.yml, keeping what is in it, comments too.
 * With `also` the vault is a further one.
 */
export async function writeConfig(project: Project, vault: string, also = false): Promise<void> {
  const document = parseDocument(await currentConfig(project))
  if (!document.has('id')) document.set('id', project.facts.id)
  if (!also) document.set('vault', vault)
  else if (!project.config.vaults?.includes(vault)) document.set('vaults', [...(project.config.vaults ?? []), vault])
  await fs.rename(await writeBeside(project, document.toString()), configFile(project))
}

const currentConfig = (project: Project): Promise<string> =>
  fs.readFile(configFile(project), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return newConfigText
    throw error
  })

/** Writes a new file beside the one there is; returns its path. */
async function writeBeside(project: Project, text: string): Promise<string> {
  const temporary = `${configFile(project)}.new`
  try {
    await fs.writeFile(temporary, text, { flush: true })
    return temporary
  } catch (error) {
    throw new RecoveryError('bad-input', `${configFile(project)} cannot be written: ${messageOf(error)}`, {
      hint: 'let this user write into the folder of the project; init writes the id and the vault there',
      cause: error,
    })
  }
}

const newConfigText = `# How AIDataVault protects this project. No secret is in here: commit it.
`
