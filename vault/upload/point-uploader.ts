import { VaultError } from '../errors.ts'
import type { CutOptions, Entry, PathInPoint, SavedFile, SavedFolder, SaveFolderOptions } from '../types.ts'
import type { OpenPipe, Snapshot, SnapshotDetails, Uploader } from '../types.ts'
import { EarlierPoint } from './earlier-point.ts'
import { EntriesSaver } from './entries-saver.ts'
import { idTexts } from './id-list.ts'
import { fileNode } from './folder-draft.ts'
import { FolderSaver } from './folder-saver.ts'
import { openLocalFile } from './local-file.ts'
import { PointDraft, type SavedItem } from './point-draft.ts'
import { maxChunk } from './read-window.ts'
import type { CutWhole } from './messages.ts'
import { cutPipe } from './pipe-cutter.ts'
import { feedStream } from './stream-cutter.ts'
import type { UploadParts } from './upload-parts.ts'
import { virtualMetadata } from './virtual-node.ts'
import type { AdoptedPipe } from './worker-pool.ts'

export interface PointUploaderOptions {
  readonly parts: UploadParts
  /** When the upload began, in milliseconds since 1970. */
  readonly time: number
  /** Makes the tree visible as a snapshot, once. */
  readonly publish: (tree: string, details: SnapshotDetails) => Promise<Snapshot>
}

const streamMode = 0o600

/** What users of an upload see of it: saves things at their paths into the point. */
export class PointUploader implements Uploader {
  readonly #options: PointUploaderOptions
  readonly #point = new PointDraft()
  #saved = 0
  #saving = 0
  #closed = false

  constructor(options: PointUploaderOptions) {
    this.#options = options
  }

  async saveStream(
    path: PathInPoint,
    bytes: AsyncIterable<Uint8Array> | OpenPipe,
    mode = streamMode,
    options: CutOptions = {},
  ): Promise<SavedFile> {
    const source = isStream(bytes) ? bytes : this.#options.parts.pool.adopt(bytes)
    assertBlocks(options)
    const metadata = virtualMetadata('file', mode, this.#options.time)
    return this.#save(path, item => this.#spoilOnError(this.#saveBytes(item, metadata, source, options)))
  }

  saveFile(path: PathInPoint, file: string): Promise<SavedFile> {
    return this.#save(path, item => {
      const { metadata, bytes } = openLocalFile(file)
      return this.#saveBytes(item, metadata, bytes, {})
    })
  }

  async saveEarlier(path: PathInPoint, snapshot: Snapshot, bytes: number): Promise<boolean> {
    const { reader, stored, failure, onProgress } = this.#options.parts
    const earlier = new EarlierPoint(reader, { snapshot, path }, stored.data)
    const node = await failure.during(earlier.file(BigInt(bytes)))
    if (!node) return false
    await this.#save(path, item => Promise.resolve(Object.assign(item, { node, before: node })))
    onProgress(1, bytes)
    return true
  }

  async saveFolder(path: PathInPoint, folder: string, options: SaveFolderOptions = {}): Promise<SavedFolder> {
    assertBlocks(options)
    return this.#save(path, async item => {
      const { node, before, saved } = await new FolderSaver(this.#options.parts, options).save(folder)
      item.node = node
      item.before = before
      return saved
    })
  }

  async saveEntries(path: PathInPoint, entries: AsyncIterable<Entry>, options: CutOptions = {}): Promise<SavedFolder> {
    assertBlocks(options)
    const { parts, time } = this.#options
    const save = async (item: SavedItem) => {
      const { node, saved } = await new EntriesSaver(parts, { space: path, time, ...options }).save(entries)
      item.node = node
      return saved
    }
    return this.#save(path, item => this.#spoilOnError(save(item)))
  }

  fail(reason: unknown): void {
    this.#options.parts.failure.fail(reason)
  }

  async publish(details: SnapshotDetails): Promise<Snapshot> {
    this.#assertOpen()
    if (this.#saving > 0) throw new VaultError('bad-input', 'something is still being saved into the point')
    if (this.#saved === 0) throw new VaultError('bad-input', 'nothing was saved, and an empty point helps nobody')
    this.#closed = true
    const { parts, time, publish } = this.#options
    return this.#spoilOnError(this.#point.close(parts, time).then(tree => publish(tree, details)))
  }

  async #save<T>(path: PathInPoint, save: (item: SavedItem) => Promise<T>): Promise<T> {
    this.#assertOpen()
    const item = this.#point.reserve(path)
    this.#saving++
    try {
      const saved = await save(item)
      this.#saved++
      return saved
    } catch (error) {
      this.#point.release(path, item)
      throw error
    } finally {
      this.#saving--
    }
  }

  async #saveBytes(
    item: SavedItem,
    metadata: Parameters<typeof fileNode>[0],
    bytes: AsyncIterable<Uint8Array> | AdoptedPipe,
    options: CutOptions,
  ): Promise<SavedFile> {
    const { ids, size, whole } = await this.#cut(bytes, options)
    item.node = fileNode(metadata, idTexts(ids), size)
    this.#options.parts.onProgress(1, 0)
    return { bytes: size, ...whole! }
  }

  async #cut(bytes: AsyncIterable<Uint8Array> | AdoptedPipe, options: CutOptions): Promise<CutWhole> {
    const { failure, pool, onProgress } = this.#options.parts
    const how = { pool, failure, ...options, digest: true }
    const onBytes = (count: number) => onProgress(0, count)
    return isStream(bytes) ? (await feedStream(bytes, how, onBytes)).cut : cutPipe(bytes, how, onBytes)
  }

  async #spoilOnError<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      this.#options.parts.failure.fail(error)
      throw error
    }
  }

  #assertOpen(): void {
    this.#options.parts.failure.throwIfFailed()
    if (this.#closed) throw new VaultError('bad-input', 'the point is published already')
  }
}

const isStream = <Pipe extends object>(bytes: AsyncIterable<Uint8Array> | Pipe): bytes is AsyncIterable<Uint8Array> =>
  Symbol.asyncIterator in bytes

/** Smaller blobs would be more list than content; larger ones do not fit into the engine's memory. */
const smallestBlock = 4096

function assertBlocks({ blockBytes }: CutOptions): void {
  if (blockBytes === undefined) return
  if (Number.isSafeInteger(blockBytes) && blockBytes >= smallestBlock && blockBytes <= maxChunk) return
  throw new VaultError('bad-input', `blocks of ${blockBytes} bytes cannot be stored: ${smallestBlock} to ${maxChunk}`)
}
