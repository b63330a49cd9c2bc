import type { BlobIndex } from '../blob-index.ts'
import { isDamage, type BlobReader } from '../files/blob-reader.ts'
import { damaged } from '../format/damaged.ts'
import type { TreeNode } from '../format/node.ts'
import type { BlobType } from '../format/pack.ts'
import { parseTree } from '../format/tree.ts'
import { VaultError } from '../errors.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { Snapshot, VaultRun } from '../types.ts'
import { BitSet } from './bit-set.ts'

/** Folders that are read side by side: on storages with a long way most of the time is waiting. */
const treesAtOnce = 8

/**
 * The blobs that snapshots need, by the number of their first entry in the index. What cannot be followed to its end
 * rejects with vault-damaged: who deletes the rest must know all that is needed.
 */
export async function findUsedBlobs(
  index: BlobIndex,
  reader: BlobReader,
  snapshots: readonly Snapshot[],
  run: VaultRun,
): Promise<BitSet> {
  const used = new UsedBlobs(index, reader, run)
  for (const snapshot of snapshots) await used.addSnapshot(snapshot)
  return used.entries
}

class UsedBlobs {
  readonly entries: BitSet
  readonly #index: BlobIndex
  readonly #reader: BlobReader
  readonly #run: VaultRun

  constructor(index: BlobIndex, reader: BlobReader, run: VaultRun) {
    this.entries = new BitSet(index.count)
    this.#index = index
    this.#reader = reader
    this.#run = run
  }

  /** Each folder is read once, however many snapshots reach it. */
  async addSnapshot(snapshot: Snapshot): Promise<void> {
    try {
      const waiting = this.#add('tree', snapshot.tree) ? [snapshot.tree] : []
      while (waiting.length > 0) {
        throwIfInterrupted(this.#run)
        const below = await Promise.all(waiting.splice(-treesAtOnce).map(tree => this.#addFolder(tree)))
        for (const trees of below) waiting.push(...trees)
      }
    } catch (error) {
      throw isDamage(error) ? notWhole(snapshot, error) : error
    }
  }

  /** The folders below that were not seen before. */
  async #addFolder(tree: string): Promise<string[]> {
    const nodes = parseTree(await this.#reader.readBlob('tree', tree))
    this.#run.onProgress?.({ files: nodes.length, bytes: 0 })
    return nodes.flatMap(node => this.#addNode(node))
  }

  #addNode({ type, content, subtree }: TreeNode): string[] {
    if (type === 'file') for (const id of content ?? []) this.#add('data', id)
    if (type !== 'dir') return []
    if (!subtree) throw damaged('it has a folder without a list of its entries')
    return this.#add('tree', subtree) ? [subtree] : []
  }

  /** True if it is new. */
  #add(type: BlobType, id: string): boolean {
    const entry = this.#index.entryOf(type, id)
    if (entry === undefined) throw damaged(`the ${type === 'tree' ? 'folder list' : 'blob'} ${id} is in no index`)
    return this.entries.add(entry)
  }
}

const notWhole = (snapshot: Snapshot, cause: Error): VaultError =>
  new VaultError(
    'vault-damaged',
    `point ${snapshot.id.slice(0, 8)} is not whole, so nothing is removed: ${cause.message}`,
    { hint: 'see what is damaged with: aidatavault check', cause },
  )
