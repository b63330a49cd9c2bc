import type { BlobIndex } from '../blob-index.ts'
import { isDamage, readTree, type BlobReader } from '../files/blob-reader.ts'
import { damaged } from '../format/damaged.ts'
import type { TreeNode } from '../format/node.ts'
import type { BlobType } from '../format/pack.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { VaultRun } from '../types.ts'
import type { StoredBlobs } from '../upload/stored-blobs.ts'

/** Trees that are read side by side, for storages with a long way. */
const treesAtOnce = 8

export interface Walk {
  readonly index: BlobIndex
  /** Of the vault that is copied from. */
  readonly reader: BlobReader
  /** What the other vault has already. */
  readonly stored: StoredBlobs
  readonly run: VaultRun
}

/** The blobs that points need and the other vault lacks, each once, by their numbers in the index. */
export class WantedBlobs {
  readonly #walk: Walk
  /** By entry: 1 once the blob was looked at, a tree with all below it. */
  readonly #seen: Uint8Array
  #wanted: number[] = []
  #bytes = 0

  constructor(walk: Walk) {
    this.#walk = walk
    this.#seen = new Uint8Array(walk.index.count)
  }

  /** As stored, of all that is wanted now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds what the tree and all below it need. The result says what of it cannot be had; the rest is added all the same. */
  async add(tree: string): Promise<Error | undefined> {
    let first: Error | undefined
    const waiting = this.#look('tree', tree, error => (first ??= error)) ? [tree] : []
    while (waiting.length > 0) {
      throwIfInterrupted(this.#walk.run)
      const below = await Promise.all(
        waiting.splice(-treesAtOnce).map(id => this.#addFolder(id, error => (first ??= error))),
      )
      for (const trees of below) waiting.push(...trees)
    }
    return first
  }

  /** What is wanted, ordered as it lies in the packs; then nothing is. */
  take(): Uint32Array {
    const { index } = this.#walk
    const entries = Uint32Array.from(this.#wanted)
    this.#wanted = []
    this.#bytes = 0
    return entries.sort((a, b) => index.packOf(a) - index.packOf(b) || index.offsetOf(a) - index.offsetOf(b))
  }

  /** The trees below that were not seen before. */
  async #addFolder(id: string, onError: (error: Error) => void): Promise<string[]> {
    const trees: string[] = []
    for (const { type, content, subtree } of await readOrTell(this.#walk.reader, id, onError)) {
      if (type === 'file') for (const blob of content ?? []) this.#look('data', blob, onError)
      if (type === 'dir' && subtree && this.#look('tree', subtree, onError)) trees.push(subtree)
    }
    return trees
  }

  /** Whether the blob was not seen before; then it is wanted, unless the other vault has it. */
  #look(type: BlobType, id: string, onError: (error: Error) => void): boolean {
    const { index, stored } = this.#walk
    const entry = index.entryOf(type, id)
    if (entry === undefined) onError(notIndexed(type, id))
    if (entry === undefined || this.#seen[entry]) return false
    this.#seen[entry] = 1
    if (!(type === 'tree' ? stored.trees : stored.data).has(index.idOf(entry))) {
      this.#wanted.push(entry)
      this.#bytes += index.storedLengthOf(entry)
    }
    return true
  }
}

const notIndexed = (type: BlobType, id: string): Error =>
  damaged(`the ${type === 'tree' ? 'folder list' : 'blob'} ${id} is not in the vault's index`)

async function readOrTell(
  reader: BlobReader,
  id: string,
  onError: (error: Error) => void,
): Promise<readonly TreeNode[]> {
  try {
    return await readTree(reader, id)
  } catch (error) {
    if (!isDamage(error)) throw error
    onError(error)
    return []
  }
}

/** Why the tree, or anything below it, is not to be had; undefined if all of it is. `lost`: blobs by type and id. */
export async function whyNotWhole(
  tree: string,
  { index, reader, run }: Pick<Walk, 'index' | 'reader' | 'run'>,
  lost: ReadonlyMap<string, Error>,
): Promise<Error | undefined> {
  let first: Error | undefined
  const why = (type: BlobType, id: string) =>
    lost.get(`${type} ${id}`) ?? (index.has(type, id) ? undefined : notIndexed(type, id))
  const [seen, waiting] = [new Set([tree]), [tree]]
  for (let id = waiting.pop(); id !== undefined && !first; id = waiting.pop()) {
    throwIfInterrupted(run)
    first = why('tree', id)
    for (const { type, content, subtree } of await readOrTell(reader, id, error => (first ??= error))) {
      if (type === 'file') for (const blob of content ?? []) first ??= why('data', blob)
      if (type === 'dir' && subtree && !seen.has(subtree)) waiting.push((seen.add(subtree), subtree))
    }
  }
  return first
}
