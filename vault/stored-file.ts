import { VaultError } from './errors.ts'
import { damaged } from './format/damaged.ts'
import { idOf } from './format/id.ts'
import { storagePath } from './storage/layout.ts'
import type { FileType, Storage } from './storage/storage.ts'

/**
 * A whole file whose bytes are those it is named after. What does not match is read once more, as a wire or a cache may
 * have been at fault; then it is vault-damaged. `config` has no name to be measured by.
 */
export async function loadVerified(storage: Storage, type: FileType, name: string): Promise<Buffer> {
  const bytes = await storage.load(type, name)
  if (type === 'config' || idOf(bytes) === name) return bytes
  const again = await storage.load(type, name)
  if (idOf(again) === name) return again
  throw damaged(`${storagePath(type, name)} is damaged: its content is not what its name says`)
}

/** Runs `act`; a vault-damaged in it then says which file it is about. */
export async function aboutFile<T>(type: FileType, name: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const file = storagePath(type, name)
    if (!(error instanceof VaultError) || error.code !== 'vault-damaged' || error.message.includes(file)) throw error
    throw damaged(`${file} is damaged: ${error.message}`, error)
  }
}
