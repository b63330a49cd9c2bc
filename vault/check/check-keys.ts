import { unseal } from '../crypto/seal.ts'
import { parseConfig } from '../format/config.ts'
import { findKeys } from '../keyring.ts'
import type { Repository } from '../repository.ts'
import { storagePath } from '../storage/layout.ts'
import { damaged } from '../format/damaged.ts'
import type { Findings } from './findings.ts'

/** The config must open and be the one that this vault was opened with. */
export async function checkConfig({ storage, key, config }: Repository, findings: Findings): Promise<void> {
  try {
    const now = parseConfig(unseal(key, await storage.load('config', '')))
    const same = now.id === config.id && now.polynomial === config.polynomial && now.version === config.version
    if (!same) throw damaged('the config is not the one that the vault was opened with')
  } catch (error) {
    findings.addFailure('config-damaged', 'config', '', error)
  }
}

/** Every key file must be what its name says, or whoever has its password may be locked out. */
export async function checkKeys({ storage }: Repository, findings: Findings): Promise<void> {
  for (const { id, intact, error } of await findKeys(storage)) {
    const file = storagePath('keys', id)
    if (error) findings.addFailure('key-damaged', 'keys', id, error)
    else if (!intact)
      findings.add('damage', 'key-damaged', file, `${file} is damaged: its content is not what its name says`)
  }
}
