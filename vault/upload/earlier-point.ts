import { isDamage, readTree, type BlobReader } from '../files/blob-reader.ts'
import type { NodeReading } from '../files/node-reader.ts'
import type { TreeNode } from '../format/node.ts'
import { findNode } from '../read.ts'
import type { SaveFolderOptions } from '../types.ts'
import type { IdTable } from './id-table.ts'

/** A folder as an earlier point has it, by the bytes of the names. */
export type EarlierFolder = ReadonlyMap<string, TreeNode>

const nothing: EarlierFolder = new Map()
const nameKey = (name: Uint8Array): string => Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1')
// Some file systems count time in steps of two seconds.
const timeStepNs = 2_000_000_000n

/** What an earlier point says about the folder that is saved: files that have not changed since are not read again. */
export class EarlierPoint {
  readonly #reader: BlobReader
  readonly #like: SaveFolderOptions['like']
  readonly #data: IdTable
  readonly #taken: bigint

  constructor(reader: BlobReader, like: SaveFolderOptions['like'], data: IdTable) {
    this.#reader = reader
    this.#like = like
    this.#data = data
    this.#taken = like ? BigInt(like.snapshot.time.getTime()) * 1_000_000n : 0n
  }

  /** The node of the folder itself. */
  async top(): Promise<TreeNode | undefined> {
    if (!this.#like) return undefined
    const { snapshot, path } = this.#like
    return this.#unlessDamaged(findNode(this.#reader, snapshot, path), undefined)
  }

  /** What was in a folder; nothing where it was none, or where the vault cannot tell any more: then files are read. */
  async enter(node: TreeNode | undefined): Promise<EarlierFolder> {
    if (node?.type !== 'dir' || !node.subtree) return nothing
    const nodes = await this.#unlessDamaged(readTree(this.#reader, node.subtree), [])
    return new Map(nodes.map(entry => [nameKey(entry.name), entry]))
  }

  /** The file as it was, if it has not changed since: restic's rule, and the vault has its blobs. */
  unchanged(before: TreeNode | undefined, { metadata, size }: NodeReading): TreeNode | undefined {
    const same =
      before?.type === 'file' &&
      before.size === size &&
      before.mtime === metadata.mtime &&
      before.ctime === metadata.ctime &&
      before.inode === metadata.inode
    // A file that changed while the earlier point was taken may have changed again within one step of its time stamps.
    if (!same || !before.content || metadata.ctime >= this.#taken - timeStepNs) return undefined
    return before.content.every(id => this.#data.has(Buffer.from(id, 'hex'))) ? before : undefined
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

/** The entry of this name. */
export const entryOf = (folder: EarlierFolder, name: Uint8Array): TreeNode | undefined => folder.get(nameKey(name))
