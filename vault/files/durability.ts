import fs from 'node:fs'
import { promisify } from 'node:util'
import { joinPath } from './path.ts'
import { posixFeatures, syncFilesystem } from './posix.ts'

const fsync = promisify(fs.fsync)

/** How what is restored comes to disk for good. */
export interface Durability {
  /** Whether each file is brought to disk by itself, with `fileDone`. */
  readonly fileByFile: boolean
  /** An open file is complete, attributes included. */
  fileDone(fd: number): Promise<void>
  /** Everything in a folder is there. */
  folderDone(path: Buffer): Promise<void>
  /** At the end, with one folder of each file system that was written to. Rejects with what the system reports. */
  finish(folders: Iterable<Buffer>): Promise<void>
}

const nothing = () => Promise.resolve()

const none: Durability = { fileByFile: false, fileDone: nothing, folderDone: nothing, finish: nothing }

/** One call at the end: syncing 100,000 small files one by one takes minutes instead of a second. */
const atOnce: Durability = {
  ...none,
  async finish(folders) {
    for (const folder of folders) await withOpenFolder(folder, syncFilesystem)
  },
}

const oneByOne: Durability = {
  fileByFile: true,
  fileDone: fd => fsync(fd),
  folderDone: path => withOpenFolder(path, fsync),
  // The folder above the target, which may have been made just now, has to know it too.
  async finish(folders) {
    for (const folder of folders) await withOpenFolder(joinPath(folder, Buffer.from('..')), fsync)
  },
}

async function withOpenFolder(path: Buffer, use: (fd: number) => Promise<void>): Promise<void> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  try {
    await use(fd)
  } finally {
    fs.closeSync(fd)
  }
}

export function durability(wanted: boolean, features = posixFeatures): Durability {
  if (!wanted) return none
  return features.syncFilesystem ? atOnce : oneByOne
}
