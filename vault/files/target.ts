import fs from 'node:fs'
import path from 'node:path'
import { VaultError } from '../errors.ts'
import type { RestoreOptions } from '../types.ts'
import { hasCode } from './node-reader.ts'
import { printablePath } from './path.ts'

/** The folder to restore into, made if needed (0700), with symlinks on the way to it resolved once and for all. */
export function prepareTarget(target: string, existing: NonNullable<RestoreOptions['existing']>): Buffer {
  try {
    makeFolder(target)
    const real = fs.realpathSync.native(target, { encoding: 'buffer' })
    if (existing === 'refuse' && fs.readdirSync(real).length > 0) throw occupied(target)
    return real
  } catch (error) {
    throw hasCode(error, 'EEXIST', 'ENOTDIR') ? notAFolder(target, error) : targetError(error, Buffer.from(target))
  }
}

/** Missing parents are ordinary folders; the target is nobody else's business before its own permissions are restored. */
function makeFolder(target: string): void {
  fs.mkdirSync(path.dirname(path.resolve(target)), { recursive: true })
  try {
    fs.mkdirSync(target, 0o700)
  } catch (error) {
    if (!hasCode(error, 'EEXIST') || !fs.statSync(target).isDirectory()) throw error
  }
}

const occupied = (target: string) =>
  new VaultError('target-exists', `${target} is not empty`, {
    hint: 'restore into a new folder, or empty this one first',
  })

const notAFolder = (target: string, cause: unknown) =>
  new VaultError('target-exists', `${target} is in the way: it is no folder`, { hint: 'name another folder', cause })

/** A failed system call on what is being restored, in the vault's words. */
export function targetError(error: unknown, at: Buffer): unknown {
  if (!(error instanceof Error) || error instanceof VaultError || !('code' in error)) return error
  const place = printablePath(at)
  if (hasCode(error, 'ENOSPC', 'EDQUOT'))
    return new VaultError('storage-full', `no space is left to write ${place}`, {
      hint: 'make room or restore elsewhere',
      cause: error,
    })
  if (hasCode(error, 'EEXIST'))
    return new VaultError('target-exists', `${place} exists already and is different`, {
      hint: 'restore into a new folder, or move it away',
      cause: error,
    })
  return new VaultError('storage-failed', `${place} cannot be written (${String(error.code)})`, { cause: error })
}
