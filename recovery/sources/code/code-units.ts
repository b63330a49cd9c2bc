import fs from 'node:fs/promises'
import type { Dirent } from 'node:fs'
import { onDisk } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'

/** What lies in a folder, cut into what is exchanged as a whole. */
export interface Units {
  /** Files, links, and folders that are repositories of their own; `.git` among them. */
  readonly units: ReadonlySet<BytePath>
  /** Every other folder, each before what is in it; without the top. */
  readonly folders: readonly BytePath[]
}

/** All of a folder but what `isLeft` names. */
export async function unitsOf(root: string, isLeft: (path: BytePath) => boolean = () => false): Promise<Units> {
  const units = new Set<BytePath>()
  const folders: BytePath[] = []
  for (const level = ['']; level.length > 0;) {
    const folder = level.shift()!
    for (const entry of await entriesOf(root, folder)) {
      const name = entry.name.toString('latin1')
      const path = folder === '' ? name : `${folder}/${name}`
      if (isLeft(path)) continue
      if (!entry.isDirectory() || (folder === '' && name === '.git') || (await isRepository(root, path)))
        units.add(path)
      else {
        folders.push(path)
        level.push(path)
      }
    }
  }
  return { units, folders }
}

const entriesOf = (root: string, folder: BytePath): Promise<Dirent<Buffer>[]> =>
  fs.readdir(onDisk(root, folder), { withFileTypes: true, encoding: 'buffer' })

/** A repository in the repository, or a submodule that is checked out. */
export const isRepository = (root: string, path: BytePath): Promise<boolean> =>
  fs.lstat(onDisk(root, `${path}/.git`)).then(
    () => true,
    () => false,
  )
