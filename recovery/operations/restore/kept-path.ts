import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import { stateFolder } from '../../journal/state-folder.ts'
import { removeFolder } from '../../sources/remove-folder.ts'

/** How the name of what is kept beside begins, where the project's own folder of ours is on another file system. */
export const keptPrefix = '.aidatavault-kept-'

/** Whether it is there, and in one of the places where restores keep things. */
export const isKeptPath = async (name: string): Promise<boolean> => isOurs(name) && isThere(name)

const isOurs = (name: string): boolean =>
  path.isAbsolute(name) &&
  path.normalize(name) === name &&
  (path.basename(name).startsWith(keptPrefix) || path.dirname(name).endsWith(`/${stateFolder}/kept`))

const isThere = (name: string) =>
  fs.lstat(name).then(
    () => true,
    () => false,
  )

/** Removes a file or folder that a restore kept; gone is no error. Rejects with target-exists on any other place. */
export async function removeKeptPath(name: string): Promise<void> {
  if (!isOurs(name))
    throw new RecoveryError('target-exists', `${name} is no place where a restore keeps things, and stays`, {
      hint: 'look at what it is, and remove it by hand when nothing of it is needed',
    })
  await removeFolder(name)
}

/** Drops a file or folder that a restore kept, when its time is over. */
export const dropKeptPath = ({ name }: { readonly name: string }): Promise<void> => removeKeptPath(name)
