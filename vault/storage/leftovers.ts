import { readdir, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { isErrno } from './durable.ts'
import { dataFolders, folderTypes } from './layout.ts'

// What durable.ts and restic write before they rename it. Nobody else's files look like this.
const temporaryName = /^(?:[0-9a-f]{64}|config)-tmp-[0-9]+$/
export const isTemporary = (name: string): boolean => temporaryName.test(name)

/**
 * Removes temporary files that a killed program has left, not changed since `before` (milliseconds since 1970); returns
 * their bytes. Nobody writes one pack for hours, so with a margin of a day these are nobody's.
 */
export async function removeLeftovers(vault: string, before: number): Promise<number> {
  let bytes = 0
  for (const folder of ['', ...folderTypes, ...dataFolders])
    for (const name of await namesIn(path.join(vault, folder)))
      if (isTemporary(name)) bytes += await removeIfOld(path.join(vault, folder, name), before)
  return bytes
}

async function removeIfOld(file: string, before: number): Promise<number> {
  try {
    const { mtimeMs, size } = await stat(file)
    if (mtimeMs >= before) return 0
    await unlink(file)
    return size
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0
    throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}
