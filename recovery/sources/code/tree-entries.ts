import type { BigIntStats } from 'node:fs'
import fs from 'node:fs/promises'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'
import { foldersAbove, onDisk, toBytes } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { contentOfLink, metadata, withFile } from './file-content.ts'
import { unreadable } from './unreadable.ts'

/** Something of this machine to take along, at `path` below `root`. */
export interface Picked {
  readonly root: string
  readonly path: BytePath
  /** A folder without what is in it; else everything in it comes along. */
  readonly alone?: boolean
}

/** What became of what was picked, filled while the entries are read. */
export interface TreeNotes {
  /** Content by path, as `contentOnDisk` tells it: exactly what was handed out. */
  readonly contents: Map<BytePath, string>
  /** Files that were written to while they were read. */
  readonly changed: BytePath[]
  /** Sockets and devices, which hold nothing that could be brought back. */
  readonly skipped: BytePath[]
}

export const newTreeNotes = (): TreeNotes => ({ contents: new Map(), changed: [], skipped: [] })

/** The entries of what was picked, each folder before what is in it. What is gone by now is left out. */
export async function* treeEntries(
  picked: Iterable<Picked>,
  notes: TreeNotes,
  run: Run,
): AsyncGenerator<FileEntry, void, undefined> {
  const walk = new Walk(notes, run)
  for (const item of picked) yield* walk.take(item)
}

class Walk {
  readonly #notes: TreeNotes
  readonly #run: Run
  readonly #folders = new Set<BytePath>()
  /** First path of each file that has several names. */
  readonly #names = new Map<string, BytePath>()

  constructor(notes: TreeNotes, run: Run) {
    this.#notes = notes
    this.#run = run
  }

  async *take({ root, path, alone }: Picked): AsyncGenerator<FileEntry, void, undefined> {
    for (const folder of ['', ...foldersAbove(path)]) {
      const stats = await lookAt(root, folder)
      // A folder that became something else meanwhile leads elsewhere.
      if (!stats?.isDirectory()) return
      yield* this.#folder(folder, stats)
    }
    if (path !== '' || !alone) yield* this.#entry(root, path, alone ?? false)
  }

  *#folder(path: BytePath, stats: BigIntStats): Generator<FileEntry, void, undefined> {
    if (this.#folders.has(path)) return
    this.#folders.add(path)
    if (path !== '') this.#notes.contents.set(path, 'folder')
    yield { ...metadata(path, stats), type: 'dir', size: 0n }
  }

  async *#entry(root: string, path: BytePath, alone: boolean): AsyncGenerator<FileEntry, void, undefined> {
    this.#run.signal.throwIfAborted()
    const stats = await lookAt(root, path)
    if (!stats) return
    if (stats.isDirectory()) {
      yield* this.#folder(path, stats)
      if (!alone) for (const name of await namesIn(root, path)) yield* this.#entry(root, join(path, name), false)
    } else if (stats.isSymbolicLink()) yield* this.#link(root, path, stats)
    else if (stats.isFile()) yield* this.#file(root, path, stats)
    else if (stats.isFIFO()) yield* this.#pipe(path, stats)
    else this.#notes.skipped.push(path)
  }

  *#pipe(path: BytePath, stats: BigIntStats): Generator<FileEntry, void, undefined> {
    this.#notes.contents.set(path, 'other')
    yield { ...metadata(path, stats), type: 'fifo', size: 0n }
  }

  async *#link(root: string, path: BytePath, stats: BigIntStats): AsyncGenerator<FileEntry, void, undefined> {
    const linkTarget = await fs.readlink(onDisk(root, path), 'buffer')
    this.#notes.contents.set(path, contentOfLink(linkTarget))
    yield { ...metadata(path, stats), type: 'symlink', size: 0n, linkTarget }
  }

  async *#file(root: string, path: BytePath, stats: BigIntStats): AsyncGenerator<FileEntry, void, undefined> {
    const first = this.#firstName(path, stats)
    const content = first === undefined ? undefined : this.#notes.contents.get(first)
    if (first !== undefined && content !== undefined) {
      this.#notes.contents.set(path, content)
      yield { ...metadata(path, stats), type: 'hardlink', size: 0n, linkTarget: toBytes(first) }
      return
    }
    yield* withFile(root, path, opened => {
      if (opened.changed) this.#notes.changed.push(path)
      this.#notes.contents.set(path, opened.content)
    })
  }

  #firstName(path: BytePath, { dev, ino, nlink }: BigIntStats): BytePath | undefined {
    if (nlink < 2n) return undefined
    const key = `${dev}:${ino}`
    const first = this.#names.get(key)
    if (first === undefined) this.#names.set(key, path)
    return first
  }
}

const join = (folder: BytePath, name: BytePath): BytePath => (folder === '' ? name : `${folder}/${name}`)

/** undefined when it is not there. */
async function lookAt(root: string, path: BytePath): Promise<BigIntStats | undefined> {
  try {
    return await fs.lstat(onDisk(root, path), { bigint: true })
  } catch (error) {
    return absentOr(path, error)
  }
}

async function namesIn(root: string, path: BytePath): Promise<BytePath[]> {
  try {
    return (await fs.readdir(onDisk(root, path), 'buffer')).map(name => name.toString('latin1')).sort()
  } catch (error) {
    return absentOr(path, error) ?? []
  }
}

function absentOr(path: BytePath, error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, error)
}
