import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'

/** Where a file goes. */
export interface Target {
  /** host: a path of this machine. volume: in a volume of the engine whose folder cannot be reached. */
  readonly place: 'host' | 'volume'
  /** host: absolute. volume: relative to its top. */
  readonly file: string
  readonly volume?: string
  /** For people. */
  readonly title: string
  /** volume: only when it is read. */
  readonly exists: boolean
  readonly isFolder?: boolean
  /** It is one of the files of this PostgreSQL server. */
  readonly server?: string | null
}

/**
 * A path of this machine, with its links resolved but for the last one; where it has to lie `within` a folder, a link that
 * leads out of it is refused: whatever writes into a volume could make one.
 */
export async function hostPlace(file: string, within?: string): Promise<Target> {
  const folder = await realFolder(path.dirname(file))
  const real = path.join(folder, path.basename(file))
  if (within !== undefined && !`${real}/`.startsWith(`${await fs.realpath(within)}/`))
    throw new RecoveryError('target-mismatch', `${file} leads out of its volume, through a link in it`, {
      hint: 'bring the file back beside with --into FILE, and look at that link',
    })
  const stats = await fs.lstat(real).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  return {
    place: 'host',
    file: real,
    title: real,
    exists: stats !== undefined,
    isFolder: stats?.isDirectory() ?? false,
  }
}

/** Of folders that are not there yet, those above that are. */
async function realFolder(folder: string): Promise<string> {
  try {
    return await fs.realpath(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' || folder === path.dirname(folder)) throw error
    return path.join(await realFolder(path.dirname(folder)), path.basename(folder))
  }
}
