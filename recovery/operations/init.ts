import fs from 'node:fs/promises'
import path from 'node:path'
import { parseDocument } from 'yaml'
import type { Project } from '../project/project.ts'
import { createVault, openStorage, openVault, type Vault } from '../../vault/index.ts'
import { assertNothingElse } from './vault-place.ts'
import { whoRuns } from './who.ts'

/** The project's own settings; optional, without secrets. */
export const configName = 'aidatavault.yml'

/** Whether there is a vault at the location already. */
export async function vaultExists(location: string): Promise<boolean> {
  return (await openStorage(location).size('config', '')) !== undefined
}

/** Makes a vault with a password and the recovery code as a second key. Rejects with target-exists where other files lie. */
export async function makeVault(location: string, keys: { password: string; recoveryCode: string }): Promise<Vault> {
  await assertNothingElse(location)
  const vault = await createVault(openStorage(location), { password: keys.password, ...whoRuns() })
  await vault.addKey(keys.recoveryCode, 'recovery code')
  return vault
}

/** Opens the vault at a location. */
export const joinVault = (location: string, password: string): Promise<Vault> =>
  openVault(openStorage(location), { password })

/** Writes id (the one that points were taken under so far) and vault into aidatavault.yml, keeping what is in it, comments too. Returns the file's path. */
export async function writeConfig(project: Project, vault: string): Promise<string> {
  const file = path.join(project.directory, configName)
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return newConfigText
    throw error
  })
  const document = parseDocument(text)
  if (!document.has('id')) document.set('id', project.facts.id)
  document.set('vault', vault)
  const temporary = `${file}.new`
  await fs.writeFile(temporary, document.toString(), { flush: true })
  await fs.rename(temporary, file)
  return file
}

const newConfigText = `# How AIDataVault protects this project. No secret is in here: commit it.
`
