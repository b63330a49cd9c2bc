import { fileHead } from '../files/file-head.ts'
import { readNode, type NodeReading } from '../files/node-reader.ts'
import type { SaveFolderOptions } from '../types.ts'
import type { EarlierPoint } from './earlier-point.ts'
import { FileBatcher } from './file-batcher.ts'
import type { Unread } from './messages.ts'
import type { OpenFolder, Place } from './open-folder.ts'
import type { OpenFolders } from './open-folders.ts'
import { codeOrThrow, notAFile } from './open-source.ts'
import { isGone } from './unread-entries.ts'
import type { UploadParts } from './upload-parts.ts'

/** What places need. */
export interface PlacerOptions {
  readonly parts: UploadParts
  readonly saving: SaveFolderOptions
  readonly folders: OpenFolders
  readonly earlier: EarlierPoint
  /** Goes into a folder; `before`: the id of its list in the earlier point. */
  readonly fill: (folder: OpenFolder, before: string | undefined) => Promise<void>
}

/** Puts entries into their folders' lists, each by what it is; files are read where they have to be. */
export class EntryPlacer {
  readonly #options: PlacerOptions
  readonly #files: FileBatcher
  readonly #again: Place[] = []

  constructor(options: PlacerOptions) {
    this.#options = options
    this.#files = new FileBatcher(options.parts, options.saving)
  }

  /** `seen`: what is known of it already. A promise where it takes longer. */
  place(place: Place, seen?: NodeReading): Promise<void> | void {
    const { folders, saving } = this.#options
    const reading = seen ?? this.#lookAt(place)
    if (!reading || saving.select?.(place.inFolder, reading.metadata.type) === false) return
    switch (reading.metadata.type) {
      case 'dir':
        return this.#enter(place, reading)
      case 'file':
        return this.#addFile(place, reading)
      case 'socket':
        return folders.skip(place)
      case 'irregular':
        return folders.unread.add(place.inFolder, 'it is of an unknown type')
      default:
        return folders.addOther(place, reading.metadata)
    }
  }

  /** Adds a file that an earlier point has, if it need not be read. */
  addUnchanged(place: Place, reading: NodeReading): boolean {
    const { earlier, folders, parts } = this.#options
    const size = Number(reading.size)
    const same = earlier.same(place.earlier, fileHead(place.name, reading), reading.metadata.ctime)
    if (same !== undefined) folders.addSame(place, same, size)
    const unchanged = same === undefined ? earlier.unchanged(place.earlier?.node, reading) : undefined
    if (unchanged) {
      parts.onProgress(0, size)
      folders.addFile(place, reading, unchanged.content!, size)
    }
    return same !== undefined || unchanged !== undefined
  }

  /** A file that was to be read could not be. */
  unread(place: Place, { code }: Unread): void {
    const { folders } = this.#options
    // Replaced by something else since it was looked at: looked at once more when all others are done.
    if (code === notAFile && !this.#again.includes(place)) return void this.#again.push(place)
    if (isGone(code)) folders.lose(place.inFolder, place.folder)
    else folders.unread.add(place.inFolder, code === notAFile ? 'it is no file any more' : code)
    folders.release(place.folder)
  }

  /** Resolves when all files that were placed are read. */
  settled(): Promise<void> {
    return this.#files.finish()
  }

  /** Places once more what proved to be no file. */
  async placeAgain(): Promise<void> {
    for (const place of this.#again) {
      await this.place(place)
      this.#options.folders.release(place.folder)
    }
  }

  #lookAt({ folder, path, inFolder }: Place): NodeReading | undefined {
    const { folders } = this.#options
    try {
      return readNode(path)
    } catch (error) {
      const code = codeOrThrow(error)
      if (isGone(code)) folders.lose(inFolder, folder)
      else folders.unread.add(inFolder, code)
      return undefined
    }
  }

  #enter(place: Place, { metadata }: NodeReading): Promise<void> {
    const { folders, fill } = this.#options
    place.folder.open++
    const close = (tree: string | undefined) => {
      if (tree !== undefined) folders.addFolder(place, metadata, tree)
      folders.release(place.folder)
    }
    const { path, inFolder, folder: parent } = place
    return fill(folders.open({ path, inFolder, metadata, parent }, close), place.earlier?.tree)
  }

  #addFile(place: Place, reading: NodeReading): Promise<void> | void {
    if (this.addUnchanged(place, reading)) return
    const { folders } = this.#options
    place.folder.open++
    return this.#files.add({
      path: place.path,
      size: Number(reading.size),
      cut: (content, size) => {
        folders.addFile(place, reading, content, size)
        folders.release(place.folder)
      },
      unread: why => this.unread(place, why),
    })
  }
}
