import fs from 'node:fs'
import { readNode } from '../files/node-reader.ts'
import type { TreeNode } from '../format/node.ts'
import type { SavedFolder, SaveFolderOptions } from '../types.ts'
import { EarlierPoint } from './earlier-point.ts'
import { EntryPlacer, type PlacerOptions } from './entry-placer.ts'
import { AnewFiller } from './fill-anew.ts'
import { LikeFiller } from './fill-like.ts'
import { folderNode, type Nameless } from './folder-draft.ts'
import type { OpenFolder } from './open-folder.ts'
import { OpenFolders } from './open-folders.ts'
import { codeOrThrow } from './open-source.ts'
import { Turn } from './turn.ts'
import type { UploadParts } from './upload-parts.ts'

interface SavedTop {
  readonly node: Nameless
  /** What the folder was in the earlier point. */
  readonly before?: TreeNode
  readonly saved: SavedFolder
}

/**
 * Saves a folder of this machine: goes through it in order, has its files read by the workers, and stores each folder's
 * list as soon as it is complete, so that only folders on the way are in memory.
 */
export class FolderSaver {
  readonly #parts: UploadParts
  readonly #earlier: EarlierPoint
  readonly #folders: OpenFolders
  readonly #placer: EntryPlacer
  /** One of two. */
  readonly #like: LikeFiller | undefined
  readonly #anew: AnewFiller | undefined

  constructor(parts: UploadParts, saving: SaveFolderOptions) {
    this.#parts = parts
    // Else nobody needs it, and whoever began it waits for its end.
    if (!saving.like || saving.select) void saving.looking?.end()
    this.#earlier = new EarlierPoint(parts.reader, saving.like, parts.stored.data)
    this.#folders = new OpenFolders(parts)
    const fill: PlacerOptions['fill'] = (folder, before) => this.#fill(folder, before)
    const options = { parts, saving, folders: this.#folders, earlier: this.#earlier, fill }
    const turn = new Turn(parts.failure)
    this.#placer = new EntryPlacer(options)
    if (saving.like) this.#like = new LikeFiller(options, this.#placer, turn)
    else this.#anew = new AnewFiller(options, this.#placer, turn)
  }

  /** `folder` may be a symlink to one. Rejects with source-unreadable naming what cannot be read. */
  async save(folder: string): Promise<SavedTop> {
    try {
      return await this.#save(folder)
    } finally {
      await this.#like?.end()
    }
  }

  async #save(folder: string): Promise<SavedTop> {
    const top = Promise.withResolvers<string | undefined>()
    const before = await this.#parts.failure.during(this.#earlier.top())
    const opened = this.#openTop(folder, top.resolve)
    if (opened) await this.#fill(opened, before?.type === 'dir' ? before.subtree : undefined)
    await this.#settleFiles()
    await this.#placer.placeAgain()
    await this.#settleFiles()
    const { unread } = this.#folders
    unread.throwIfAny(folder)
    const tree = await this.#parts.failure.during(top.promise)
    unread.throwIfAny(folder)
    return { node: folderNode(opened!.metadata, tree!), saved: this.#folders.saved, ...(before && { before }) }
  }

  #openTop(folder: string, close: OpenFolder['close']): OpenFolder | undefined {
    const inFolder = Buffer.alloc(0)
    try {
      const path = fs.realpathSync.native(Buffer.from(folder), { encoding: 'buffer' })
      const { metadata } = readNode(path)
      this.#like?.begin(path, metadata)
      const place = { path, inFolder, metadata, parent: undefined }
      // Where it is a mount point, an empty folder is all that is seen once it was unmounted.
      if (metadata.type === 'dir') return { ...this.#folders.open(place, close), doubtful: true }
      this.#folders.unread.add(inFolder, 'it is not a folder')
    } catch (error) {
      this.#folders.unread.add(inFolder, codeOrThrow(error))
    }
    return undefined
  }

  async #fill(folder: OpenFolder, before: string | undefined): Promise<void> {
    await (this.#anew?.fill(folder) ?? this.#like!.fill(folder, before))
    this.#folders.release(folder)
    await this.#folders.room()
  }

  async #settleFiles(): Promise<void> {
    await this.#anew?.settled()
    await this.#placer.settled()
  }
}
