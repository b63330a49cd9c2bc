import { isDamage, type BlobReader } from '../files/blob-reader.ts'
import type { FolderLook } from '../files/folder-look.ts'
import type { NodeReading } from '../files/node-reader.ts'
import type { TreeNode } from '../format/node.ts'
import { findNode } from '../read.ts'
import type { SaveFolderOptions } from '../types.ts'
import { EarlierFolder, type EarlierEntry } from './earlier-folder.ts'
import type { IdTable } from './id-table.ts'
import { isListOf } from './list-of-files.ts'

/** A list of blobs as a node has it, and the node's end. */
const contentText = /^(?:\[\]|\["[0-9a-f]{64}"(?:,"[0-9a-f]{64}")*\])\}$/
// Some file systems count time in steps of two seconds.
const timeStepNs = 2_000_000_000n

/** A folder's list as the vault has it, and its id. */
export interface EarlierList {
  readonly tree: string
  readonly document: Buffer
}

/** What an earlier point says about the folder that is saved: files that have not changed since are not read again. */
export class EarlierPoint {
  readonly #reader: BlobReader
  readonly #like: SaveFolderOptions['like']
  readonly #data: IdTable
  /** A file that changed while the earlier point was taken may have changed again within one step of its time stamps. */
  readonly #settled: bigint
  readonly #id = Buffer.alloc(32)

  constructor(reader: BlobReader, like: SaveFolderOptions['like'], data: IdTable) {
    this.#reader = reader
    this.#like = like
    this.#data = data
    const taken = like ? BigInt(like.snapshot.time.getTime()) * 1_000_000n : 0n
    this.#settled = taken - timeStepNs
  }

  /** The node of the folder (or file) itself. */
  async top(): Promise<TreeNode | undefined> {
    if (!this.#like) return undefined
    const { snapshot, path } = this.#like
    return this.#unlessDamaged(findNode(this.#reader, snapshot, path), undefined)
  }

  /** The file at that place itself, if it is so long and the vault has its blobs. */
  async file(size: bigint): Promise<TreeNode | undefined> {
    const node = await this.top()
    if (node?.type !== 'file' || node.size !== size || node.links > 1 || !node.content) return undefined
    return this.#hasAll(node.content) ? node : undefined
  }

  /** The list of a folder; undefined where it was none, or where the vault cannot tell any more: then files are read. */
  async list(tree: string | undefined): Promise<EarlierList | undefined> {
    if (!tree) return undefined
    const reading = this.#reader.readBlob('tree', tree).then(document => ({ tree, document }))
    return this.#unlessDamaged(reading, undefined)
  }

  /** What is in a folder's list; nothing where it cannot be read. */
  enter(list: EarlierList | undefined): EarlierFolder {
    try {
      return list ? EarlierFolder.read(list.document, list.tree) : EarlierFolder.nothing
    } catch (error) {
      if (isDamage(error)) return EarlierFolder.nothing
      throw error
    }
  }

  /**
   * Whether a new list of the folder would be the same, byte for byte: all that was seen in it are files of which nothing has
   * changed that can be seen without reading them, and the vault has their blobs.
   */
  isStill({ document }: EarlierList, seen: FolderLook): boolean {
    return seen.isOlderThan(this.#settled) && isListOf(document, seen, id => this.#data.has(id))
  }

  /**
   * The JSON that the earlier point has for this file, if a new one would be the same: nothing that can be seen without
   * reading it has changed, and the vault has its blobs. `head` is what `fileHead` says of it now.
   */
  same(entry: EarlierEntry | undefined, head: string | undefined, ctime: bigint): string | undefined {
    if (!entry || head === undefined || ctime >= this.#settled || !entry.text.startsWith(head)) return undefined
    const content = entry.text.slice(head.length)
    return contentText.test(content) && this.#hasAll(idsIn(content)) ? entry.text : undefined
  }

  /** The file as it was, if it has not changed since: restic's rule, and the vault has its blobs. */
  unchanged(before: TreeNode | undefined, { metadata, size }: NodeReading): TreeNode | undefined {
    const same =
      before?.type === 'file' &&
      before.size === size &&
      before.mtime === metadata.mtime &&
      before.ctime === metadata.ctime &&
      before.inode === metadata.inode
    if (!same || !before.content || metadata.ctime >= this.#settled) return undefined
    return this.#hasAll(before.content) ? before : undefined
  }

  #hasAll(ids: readonly string[]): boolean {
    return ids.every(id => this.#id.write(id, 'hex') === this.#id.length && this.#data.has(this.#id))
  }

  async #unlessDamaged<T>(reading: Promise<T>, otherwise: T): Promise<T> {
    try {
      return await reading
    } catch (error) {
      if (isDamage(error)) return otherwise
      throw error
    }
  }
}

const idsIn = (content: string): string[] => content.match(/[0-9a-f]{64}/g) ?? []
