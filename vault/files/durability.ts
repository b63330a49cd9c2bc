import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { joinPath } from './path.ts'
import { posixFeatures, syncFilesystem } from './posix.ts'

const fsync = promisify(fs.fsync)

/** How what is restored comes to disk for good. */
export interface Durability {
  /** Whether each file is brought to disk by itself, with `fileDone`. */
  readonly fileByFile: boolean
  /** A folder of a file system that will be written to from now on. */
  begin(folder: Buffer): void
  /** An open file is complete, attributes included. */
  fileDone(fd: number): Promise<void>
  /** Everything in a folder is there. */
  folderDone(path: Buffer): Promise<void>
  /** At the end, with one folder of each file system that was written to. Rejects with what the system reports. */
  finish(folders: Iterable<Buffer>): Promise<void>
  /** Also after a failure: nothing of it goes on. */
  end(): Promise<void>
}

const nothing = () => Promise.resolve()

const none: Durability = {
  fileByFile: false,
  begin: () => {},
  fileDone: nothing,
  folderDone: nothing,
  finish: nothing,
  end: nothing,
}

// The system would begin to write when a tenth of its memory waits for that. All at the end, it took a second more for 2 GB.
const pauseMs = 1000
const longMs = 1000

/**
 * All of a file system in one call: syncing 100,000 small files one by one takes minutes instead of a second. Disks begin
 * with it while files are still being made.
 */
class AtOnce implements Durability {
  readonly fileByFile = false
  readonly fileDone = nothing
  readonly folderDone = nothing
  readonly #ended = new AbortController()
  readonly #begun: Promise<void>[] = []
  readonly #open: number[] = []

  begin(folder: Buffer): void {
    const fd = openFolder(folder)
    this.#open.push(fd)
    const early = this.#syncEarly(fd)
    // It is told at the end.
    early.catch(() => {})
    this.#begun.push(early)
  }

  // A failed write is told once to each who opened the folder, so whoever began has to hear it, and to ask last.
  async finish(): Promise<void> {
    this.#ended.abort()
    await Promise.all(this.#begun)
    for (const fd of this.#open) await syncFilesystem(fd)
  }

  async end(): Promise<void> {
    this.#ended.abort()
    await Promise.allSettled(this.#begun)
    for (const fd of this.#open.splice(0)) fs.closeSync(fd)
  }

  // A call cannot be broken off: where one takes long, it is the last, and an interrupt has to wait for no other.
  async #syncEarly(fd: number): Promise<void> {
    while (await passes(pauseMs, this.#ended.signal)) {
      const began = performance.now()
      await syncFilesystem(fd)
      if (performance.now() - began > longMs) return
    }
  }
}

/** False if it was ended before. */
const passes = (ms: number, signal: AbortSignal): Promise<boolean> =>
  delay(ms, true, { signal, ref: false }).catch(() => false)

const oneByOne: Durability = {
  ...none,
  fileByFile: true,
  fileDone: fd => fsync(fd),
  folderDone: path => withOpenFolder(path, fsync),
  // The folder above the target, which may have been made just now, has to know it too.
  async finish(folders) {
    for (const folder of folders) await withOpenFolder(joinPath(folder, Buffer.from('..')), fsync)
  },
}

const openFolder = (path: Buffer): number => fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)

async function withOpenFolder(path: Buffer, use: (fd: number) => Promise<void>): Promise<void> {
  const fd = openFolder(path)
  try {
    await use(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** For one restore. */
export function durability(wanted: boolean, features = posixFeatures): Durability {
  if (!wanted) return none
  return features.syncFilesystem ? new AtOnce() : oneByOne
}
