import fs from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EarlyLook } from '../files/early-look.ts'
import { fileHead } from '../files/file-head.ts'
import type { FolderLook } from '../files/folder-look.ts'
import { LookAhead } from '../files/look-ahead.ts'
import { readNode, type NodeReading } from '../files/node-reader.ts'
import { printablePath } from '../files/path.ts'
import { listNames, listTypedNames } from '../files/walk.ts'
import type { TreeNode } from '../format/node.ts'
import type { SavedFolder, SaveFolderOptions } from '../types.ts'
import { EarlierFolder } from './earlier-folder.ts'
import { EarlierPoint } from './earlier-point.ts'
import { FileBatcher } from './file-batcher.ts'
import { encodeCounted, fileNode, folderNode, otherNode, type Nameless } from './folder-draft.ts'
import type { Unread } from './messages.ts'
import { codeOf, notAFile } from './open-source.ts'
import { Place, placeOf, storedList, type OpenFolder, type Unseen } from './open-folder.ts'
import { latin1, TreeDraft } from './tree-draft.ts'
import { isGone, UnreadEntries } from './unread-entries.ts'
import { UnseenFiles } from './unseen-files.ts'
import type { UploadParts } from './upload-parts.ts'

// Packs are stored by this thread too, and must not wait long for it.
const turnMs = 10
const squeezeAt = 8192
const closingAtOnce = 8

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
  readonly #select: SaveFolderOptions['select']
  /** Where most is likely to be as it was, and nothing is to be left out: what is there is then all that costs time. */
  readonly #mayLookAhead: boolean
  readonly #early: EarlyLook | undefined
  #ahead: LookAhead | undefined
  readonly #earlier: EarlierPoint
  readonly #files: FileBatcher
  /** Where there is no earlier point that files could be as in: then each has to be read. */
  readonly #unseen: UnseenFiles<Unseen> | undefined
  /** Files that have to be looked at here. */
  readonly #odd: Place[] = []
  readonly #counts = { files: 0, folders: 0, others: 0, bytes: 0 }
  readonly #skipped: string[] = []
  readonly #gone: string[] = []
  readonly #unread = new UnreadEntries()
  readonly #again: Place[] = []
  readonly #closing = new Set<Promise<void>>()
  #turnBegan = performance.now()

  constructor(parts: UploadParts, options: SaveFolderOptions) {
    this.#parts = parts
    this.#select = options.select
    this.#mayLookAhead = options.like !== undefined && !options.select
    this.#early = options.looking instanceof EarlyLook ? options.looking : undefined
    this.#earlier = new EarlierPoint(parts.reader, options.like, parts.stored.data)
    this.#files = new FileBatcher(parts, options)
    this.#unseen = options.like ? undefined : this.#readUnseen(options)
  }

  #readUnseen(options: SaveFolderOptions): UnseenFiles<Unseen> {
    return new UnseenFiles<Unseen>(this.#parts, options, {
      saved: (file, json, size) => this.#addNew(file, json, size),
      odd: file => void this.#odd.push(placeOf(file)),
      unread: (file, why) => this.#fileUnread(placeOf(file), why),
    })
  }

  /** `folder` may be a symlink to one. Rejects with source-unreadable naming what cannot be read. */
  async save(folder: string): Promise<SavedTop> {
    // Nobody needs it then; whoever began it waits for its end.
    if (!this.#mayLookAhead) void this.#early?.end()
    try {
      return await this.#save(folder)
    } finally {
      await this.#ahead?.end()
    }
  }

  async #save(folder: string): Promise<SavedTop> {
    const top = Promise.withResolvers<string | undefined>()
    const before = await this.#parts.failure.during(this.#earlier.top())
    const opened = this.#openTop(folder, top.resolve)
    if (opened) await this.#fill(opened, before?.type === 'dir' ? before.subtree : undefined)
    await this.#finishFiles()
    this.#unread.throwIfAny(folder)
    const tree = await this.#parts.failure.during(top.promise)
    this.#unread.throwIfAny(folder)
    return { node: folderNode(opened!.metadata, tree!), saved: this.#outcome(), ...(before && { before }) }
  }

  #outcome(): SavedFolder {
    const saved = { ...this.#counts, skipped: this.#skipped }
    return this.#gone.length > 0 ? { ...saved, gone: this.#gone } : saved
  }

  #openTop(folder: string, close: OpenFolder['close']): OpenFolder | undefined {
    const inFolder = Buffer.alloc(0)
    try {
      const path = fs.realpathSync.native(Buffer.from(folder), { encoding: 'buffer' })
      const { metadata } = readNode(path)
      if (this.#mayLookAhead) this.#ahead = this.#early?.take({ path, ...metadata }) ?? new LookAhead(path)
      const place = { path, inFolder, metadata, parent: undefined }
      // Where it is a mount point, an empty folder is all that is seen once it was unmounted.
      if (metadata.type === 'dir') return { ...this.#open(place, close), doubtful: true }
      this.#unread.add(inFolder, 'it is not a folder')
    } catch (error) {
      this.#unread.add(inFolder, orThrow(error))
    }
    return undefined
  }

  #open(place: Pick<OpenFolder, 'path' | 'inFolder' | 'metadata' | 'parent'>, close: OpenFolder['close']): OpenFolder {
    const begun = { earlier: EarlierFolder.nothing, still: undefined, open: 1, gone: false, doubtful: false }
    return { ...place, ...begun, list: new TreeDraft(this.#parts.squeezer), close }
  }

  /** `before`: the id of its list in the earlier point. */
  async #fill(folder: OpenFolder, before: string | undefined): Promise<void> {
    await (this.#unseen ? this.#fillAnew(folder, this.#unseen) : this.#fillLike(folder, before))
    this.#release(folder)
    while (this.#closing.size >= closingAtOnce) await this.#parts.failure.during(Promise.race(this.#closing))
  }

  /** Of what is called a file no more than the name is looked at. */
  async #fillAnew(folder: OpenFolder, unseen: UnseenFiles<Unseen>): Promise<void> {
    await this.#placeOdd()
    for (const { name, isFile } of this.#list(folder, listTypedNames)) {
      if (this.#isTurnOver()) await this.#giveTurn()
      const placing = isFile ? this.#addUnseen({ folder, name }, unseen) : this.#place(placeOf({ folder, name }))
      if (placing) await placing
    }
  }

  #addUnseen(file: Unseen, unseen: UnseenFiles<Unseen>): Promise<void> | void {
    if (this.#select?.(placeOf(file).inFolder, 'file') === false) return
    file.folder.open++
    return unseen.add(file)
  }

  async #placeOdd(): Promise<void> {
    for (let place = this.#odd.pop(); place; place = this.#odd.pop()) {
      await this.#place(place)
      this.#release(place.folder)
    }
  }

  async #fillLike(folder: OpenFolder, before: string | undefined): Promise<void> {
    if (this.#isTurnOver()) await this.#giveTurn()
    const list = await this.#parts.failure.during(this.#earlier.list(before))
    const seen = await this.#seenAhead(folder)
    if (list && seen && this.#earlier.isStill(list, seen)) return this.#keep(folder, list.tree, seen)
    folder.earlier = this.#earlier.enter(list)
    const names = seen?.names ?? this.#list(folder, listNames)
    if (!seen) this.#ahead?.count(names.length)
    for (const [i, name] of names.entries()) {
      if (this.#isTurnOver()) await this.#giveTurn()
      const place = new Place(folder, name, folder.earlier.entry(name))
      if (seen && this.#isSame(place, seen, i)) continue
      const placing = this.#placeSeen(place, seen?.reading(i))
      // Most are done at once.
      if (placing) await placing
    }
  }

  #keep(folder: OpenFolder, tree: string, { count, bytes }: FolderLook): void {
    folder.still = tree
    this.#countSame(count, bytes)
  }

  async #seenAhead(folder: OpenFolder): Promise<FolderLook | undefined> {
    const ahead = this.#ahead?.take(folder.path)
    const seen = ahead instanceof Promise ? await this.#parts.failure.during(ahead) : ahead
    folder.doubtful ||= seen?.count === 0
    return seen
  }

  #list<Name>(folder: OpenFolder, listing: (path: Buffer) => readonly Name[]): readonly Name[] {
    try {
      const names = listing(folder.path)
      folder.doubtful ||= names.length === 0
      return names
    } catch (error) {
      const code = orThrow(error)
      folder.gone = isGone(code) && folder.inFolder.length > 0
      if (folder.gone) this.#lose(folder.inFolder, folder.parent)
      else this.#unread.add(folder.inFolder, code)
      return []
    }
  }

  // What was seen may have changed since: between then and now anything may have happened, just as if the walk had come by
  // then. That it was as in the earlier point is true of that moment, and the point may say so: the folder is captured from before
  // then on. Whatever changed it later gave it another ctime, by which the next point finds it. But what is read from now on is
  // looked at from now on, so that a node's times are never older than its content by more than reading takes.
  #placeSeen(place: Place, seen: NodeReading | undefined): Promise<void> | void {
    if (seen?.metadata.type !== 'file') return this.#place(place, seen)
    return this.#addUnchanged(place, seen) ? undefined : this.#place(place)
  }

  /** A promise where it takes longer. */
  #place(place: Place, seen?: NodeReading): Promise<void> | void {
    const reading = seen ?? this.#lookAt(place)
    if (!reading || this.#select?.(place.inFolder, reading.metadata.type) === false) return
    switch (reading.metadata.type) {
      case 'dir':
        return this.#enter(place, reading)
      case 'file':
        return this.#addFile(place, reading)
      case 'socket':
        return void this.#skipped.push(printablePath(place.inFolder))
      case 'irregular':
        return this.#unread.add(place.inFolder, 'it is of an unknown type')
      default:
        this.#counts.others++
        return this.#add(place, otherNode(reading.metadata))
    }
  }

  #lookAt({ folder, path, inFolder }: Place): NodeReading | undefined {
    try {
      return readNode(path)
    } catch (error) {
      const code = orThrow(error)
      if (isGone(code)) this.#lose(inFolder, folder)
      else this.#unread.add(inFolder, code)
      return undefined
    }
  }

  #enter(place: Place, { metadata }: NodeReading): Promise<void> {
    place.folder.open++
    const close = (tree: string | undefined) => {
      if (tree !== undefined) this.#folderDone(place, folderNode(metadata, tree))
      this.#release(place.folder)
    }
    const { path, inFolder, folder: parent } = place
    return this.#fill(this.#open({ path, inFolder, metadata, parent }, close), place.earlier?.tree)
  }

  #addFile(place: Place, reading: NodeReading): Promise<void> | void {
    if (this.#addUnchanged(place, reading)) return
    place.folder.open++
    return this.#files.add({
      path: place.path,
      size: Number(reading.size),
      cut: (content, size) => {
        this.#fileDone(place, reading, content, size)
        this.#release(place.folder)
      },
      unread: why => this.#fileUnread(place, why),
    })
  }

  /** Adds the file, if it need not be read. */
  #addUnchanged(place: Place, reading: NodeReading): boolean {
    const size = Number(reading.size)
    const same = this.#earlier.same(place.earlier, fileHead(place.name, reading), reading.metadata.ctime)
    if (same !== undefined) this.#addSame(place, same, size)
    const unchanged = same === undefined ? this.#earlier.unchanged(place.earlier?.node, reading) : undefined
    if (unchanged) {
      this.#parts.onProgress(0, size)
      this.#fileDone(place, reading, unchanged.content!, size)
    }
    return same !== undefined || unchanged !== undefined
  }

  /** Adds the file if it is as it was: for most, that is all. */
  #isSame(place: Place, seen: FolderLook, i: number): boolean {
    const same = this.#earlier.same(place.earlier, seen.head(i), seen.ctime(i))
    if (same !== undefined) this.#addSame(place, same, seen.size(i))
    return same !== undefined
  }

  #addSame(place: Place, json: string, size: number): void {
    this.#countSame(1, size)
    this.#addToList(place.folder, latin1(place.name), json)
  }

  #countSame(files: number, bytes: number): void {
    this.#counts.files += files
    this.#counts.bytes += bytes
    this.#parts.onProgress(files, bytes)
    this.#parts.tally.countUnmodified(files, bytes)
  }

  #addNew({ folder, name }: Unseen, json: string, size: number): void {
    this.#counts.files++
    this.#counts.bytes += size
    this.#parts.onProgress(1, 0)
    this.#parts.tally.countNew(size)
    this.#addToList(folder, name, json)
    this.#release(folder)
  }

  #fileDone(place: Place, { metadata }: NodeReading, content: readonly string[], size: number): void {
    this.#counts.files++
    this.#counts.bytes += size
    this.#parts.onProgress(1, 0)
    this.#add(place, fileNode(metadata, content, size))
  }

  #folderDone(place: Place, node: Nameless): void {
    this.#counts.folders++
    this.#add(place, node)
  }

  #fileUnread(place: Place, { code }: Unread): void {
    // Replaced by something else since it was looked at: looked at once more when all others are done.
    if (code === notAFile && !this.#again.includes(place)) return void this.#again.push(place)
    if (isGone(code)) this.#lose(place.inFolder, place.folder)
    else this.#unread.add(place.inFolder, code === notAFile ? 'it is no file any more' : code)
    this.#release(place.folder)
  }

  async #finishFiles(): Promise<void> {
    await this.#settleFiles()
    for (const place of this.#again) {
      await this.#place(place)
      this.#release(place.folder)
    }
    await this.#settleFiles()
  }

  async #settleFiles(): Promise<void> {
    // What was called a file may be a folder by now, with files in it.
    for (; this.#unseen?.isBusy || this.#odd.length > 0; await this.#placeOdd()) await this.#unseen?.finish()
    await this.#files.finish()
  }

  #lose(inFolder: Buffer, folder: OpenFolder | undefined): void {
    this.#gone.push(printablePath(inFolder))
    if (folder) folder.doubtful = true
  }

  // When a file system is unmounted, all that was in it seems gone, though nobody removed it. The folder itself then is
  // the one below the mount point, or gone, too.
  #mustBeTheSame({ path, inFolder, metadata, parent }: OpenFolder): void {
    try {
      const { dev, ino } = fs.lstatSync(path, { bigint: true })
      if (dev === metadata.deviceId && ino === metadata.inode) return
      this.#unread.add(inFolder, 'another folder took its place while it was read')
    } catch (error) {
      const code = orThrow(error)
      if (isGone(code) && parent) parent.doubtful = true
      else this.#unread.add(inFolder, code)
    }
  }

  #add({ folder, name, earlier }: Place, node: Nameless): void {
    this.#addToList(folder, latin1(name), encodeCounted(this.#parts, name, node, earlier))
  }

  #addToList({ list }: OpenFolder, name: string, json: string): void {
    list.addNamed(name, json)
    if (list.looseNodes >= squeezeAt) list.squeeze()
  }

  /** Something of the folder is done; if it was the last, its list is stored. */
  #release(folder: OpenFolder): void {
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

  #isTurnOver(): boolean {
    this.#parts.failure.throwIfFailed()
    return performance.now() - this.#turnBegan >= turnMs
  }

  async #giveTurn(): Promise<void> {
    await nextTurn()
    this.#turnBegan = performance.now()
  }
}

/** The name of the system's error; any other is thrown again. */
function orThrow(error: unknown): string {
  const code = codeOf(error)
  if (!code) throw error
  return code
}
