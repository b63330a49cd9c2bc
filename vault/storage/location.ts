import path from 'node:path'
import { VaultError } from '../errors.ts'
import { LocalStorage } from './local.ts'
import type { Storage, StorageOptions } from './storage.ts'

/**
 * The storage that a location names: a path of this machine, also as `local:PATH`. Other kinds of place look like URLs
 * (`s3:…`, `sftp:…`); those we have no adapter for reject with bad-input. A path with a colon can be given as `./a:b`.
 * Nothing is connected before the first use.
 */
export function openStorage(location: string, _options: StorageOptions = {}): Storage {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]
  if (scheme !== undefined && scheme !== 'local')
    throw new VaultError('bad-input', `there is no storage of the kind "${scheme}:"`, {
      hint: 'give a folder of this machine, for example /mnt/backup/vault',
    })
  const folder = scheme === undefined ? location : location.slice('local:'.length)
  if (folder === '' || folder.includes('\0'))
    throw new VaultError('bad-input', 'no place for the vault was given', { hint: 'name the folder it lies in' })
  return new LocalStorage(path.resolve(folder))
}
