import fs from 'node:fs'
import type { NodeReading } from '../files/node-reader.ts'
import { printablePath } from '../files/path.ts'
import type { NodeMetadata } from '../format/node.ts'
import type { SavedFolder } from '../types.ts'
import { EarlierFolder } from './earlier-folder.ts'
import { encodeCounted, fileNode, folderNode, otherNode, type Nameless } from './folder-draft.ts'
import { storedList, type OpenFolder, type Place, type Unseen } from './open-folder.ts'
import { codeOrThrow } from './open-source.ts'
import { latin1, TreeDraft } from './tree-draft.ts'
import { isGone, UnreadEntries } from './unread-entries.ts'
import type { UploadParts } from './upload-parts.ts'

const squeezeAt = 8192
const closingAtOnce = 8

/** The folders that are being saved: takes what is in them, and stores each one's list when it is complete. */
export class OpenFolders {
  readonly unread = new UnreadEntries()
  readonly #parts: UploadParts
  readonly #counts = { files: 0, folders: 0, others: 0, bytes: 0 }
  readonly #skipped: string[] = []
  readonly #gone: string[] = []
  readonly #closing = new Set<Promise<void>>()

  constructor(parts: UploadParts) {
    this.#parts = parts
  }

  get saved(): SavedFolder {
    const saved = { ...this.#counts, skipped: this.#skipped }
    return this.#gone.length > 0 ? { ...saved, gone: this.#gone } : saved
  }

  open(place: Pick<OpenFolder, 'path' | 'inFolder' | 'metadata' | 'parent'>, close: OpenFolder['close']): OpenFolder {
    const begun = { earlier: EarlierFolder.nothing, still: undefined, open: 1, gone: false, doubtful: false }
    return { ...place, ...begun, list: new TreeDraft(this.#parts.squeezer), close }
  }

  /** What is in the folder; nothing where it cannot be listed, which is noted. */
  list<Name>(folder: OpenFolder, listing: (path: Buffer) => readonly Name[]): readonly Name[] {
    try {
      const names = listing(folder.path)
      folder.doubtful ||= names.length === 0
      return names
    } catch (error) {
      const code = codeOrThrow(error)
      folder.gone = isGone(code) && folder.inFolder.length > 0
      if (folder.gone) this.lose(folder.inFolder, folder.parent)
      else this.unread.add(folder.inFolder, code)
      return []
    }
  }

  /** Something of the folder is gone. */
  lose(inFolder: Buffer, folder: OpenFolder | undefined): void {
    this.#gone.push(printablePath(inFolder))
    if (folder) folder.doubtful = true
  }

  skip({ inFolder }: Place): void {
    this.#skipped.push(printablePath(inFolder))
  }

  addOther(place: Place, metadata: NodeMetadata): void {
    this.#counts.others++
    this.#add(place, otherNode(metadata))
  }

  addFile(place: Place, { metadata }: NodeReading, content: readonly string[], size: number): void {
    this.#countFile(size)
    this.#add(place, fileNode(metadata, content, size))
  }

  /** A file as the earlier point has it, by its JSON. */
  addSame(place: Place, json: string, size: number): void {
    this.#countSame(1, size)
    this.#addToList(place.folder, latin1(place.name), json)
  }

  /** A file of which there is the JSON already. */
  addNew({ folder, name }: Unseen, json: string, size: number): void {
    this.#countFile(size)
    this.#parts.tally.countNew(size)
    this.#addToList(folder, name, json)
    this.release(folder)
  }

  addFolder(place: Place, metadata: NodeMetadata, tree: string): void {
    this.#counts.folders++
    this.#add(place, folderNode(metadata, tree))
  }

  /** All that is in the folder are files that are as they were: so many, of so many bytes, and the list of this id. */
  keep(folder: OpenFolder, tree: string, { count, bytes }: { readonly count: number; readonly bytes: number }): void {
    folder.still = tree
    this.#countSame(count, bytes)
  }

  /** Something of the folder is done; if it was the last, its list is stored. */
  release(folder: OpenFolder): void {
    if (--folder.open > 0) return
    if (folder.doubtful) this.#mustBeTheSame(folder)
    if (folder.gone) return folder.close(undefined)
    const stored = storedList(folder)
    if (stored !== undefined) return folder.close(stored)
    const closing = this.#parts.trees
      .save(folder.list.encode())
      .then(folder.close)
      .catch(error => this.#parts.failure.fail(error))
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** Resolves when not too many lists wait to be stored. */
  async room(): Promise<void> {
    while (this.#closing.size >= closingAtOnce) await this.#parts.failure.during(Promise.race(this.#closing))
  }

  #countFile(size: number): void {
    this.#counts.files++
    this.#counts.bytes += size
    this.#parts.onProgress(1, 0)
  }

  #countSame(files: number, bytes: number): void {
    this.#counts.files += files
    this.#counts.bytes += bytes
    this.#parts.onProgress(files, bytes)
    this.#parts.tally.countUnmodified(files, bytes)
  }

  #add({ folder, name, earlier }: Place, node: Nameless): void {
    this.#addToList(folder, latin1(name), encodeCounted(this.#parts, name, node, earlier))
  }

  #addToList({ list }: OpenFolder, name: string, json: string): void {
    list.addNamed(name, json)
    if (list.looseNodes >= squeezeAt) list.squeeze()
  }

  // When a file system is unmounted, all that was in it seems gone, though nobody removed it. The folder itself then is
  // the one below the mount point, or gone, too.
  #mustBeTheSame({ path, inFolder, metadata, parent }: OpenFolder): void {
    try {
      const { dev, ino } = fs.lstatSync(path, { bigint: true })
      if (dev === metadata.deviceId && ino === metadata.inode) return
      this.unread.add(inFolder, 'another folder took its place while it was read')
    } catch (error) {
      const code = codeOrThrow(error)
      if (isGone(code) && parent) parent.doubtful = true
      else this.unread.add(inFolder, code)
    }
  }
}
