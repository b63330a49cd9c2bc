import fs from 'node:fs/promises'
import type { Run } from '../domain/run.ts'
import { onDisk, type BytePath } from './byte-path.ts'

/** What a folder holds now, in numbers; of a file, that file. */
export interface FilesSince {
  readonly files: number
  /** Written, or given other owners or modes, after the moment asked for. */
  readonly changed: number
}

// A look costs about 10 µs a file; beyond this it is no quick look any more.
const mostFiles = 20_000

/** Counts files by their time of change; undefined where there are too many for a quick look, or some cannot be looked at. */
export async function filesSince(
  place: string,
  moment: Date,
  run: Run,
  isWanted: (path: BytePath) => boolean = () => true,
): Promise<FilesSince | undefined> {
  const counts = { files: 0, changed: 0 }
  const count = async (path: BytePath) => {
    const { ctimeMs } = await fs.lstat(onDisk(place, path))
    counts.files++
    if (ctimeMs > moment.getTime()) counts.changed++
  }
  try {
    const folders: BytePath[] = ['']
    if (!(await fs.lstat(place)).isDirectory()) {
      await count('')
      folders.pop()
    }
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      run.signal.throwIfAborted()
      const entries = await fs.readdir(onDisk(place, folder), { withFileTypes: true, encoding: 'buffer' })
      const found = entries.map(entry => ({ entry, path: joined(folder, entry.name.toString('latin1')) }))
      const wanted = found.filter(({ path }) => isWanted(path))
      folders.push(...wanted.filter(({ entry }) => entry.isDirectory()).map(({ path }) => path))
      const files = wanted.filter(({ entry }) => !entry.isDirectory())
      if (counts.files + files.length > mostFiles) return undefined
      await Promise.all(files.map(({ path }) => count(path)))
    }
    return counts
  } catch {
    run.signal.throwIfAborted()
    return undefined
  }
}

const joined = (folder: BytePath, name: BytePath): BytePath => (folder === '' ? name : `${folder}/${name}`)
