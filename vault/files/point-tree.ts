import type { TreeNode } from '../format/node.ts'
import type { BlobReader } from './blob-reader.ts'
import { readPointFolder } from './folder-comparison.ts'
import { joinPath } from './path.ts'

/** A folder of the point that was looked into. Small, so that millions of entries can be ticked off. */
interface SeenFolder {
  readonly path: Buffer
  readonly tree: string
  /** One byte a node, 1 once it has come. */
  seen: Uint8Array | undefined
  readonly inside: Map<string, SeenFolder>
}

// Streams of entries go through folders one after another, so the lists of a few suffice.
const listsKept = 32

/** Looks up paths in a point in any order, and knows in the end which were never asked for. */
export class PointTree {
  readonly #reader: BlobReader
  readonly #top: SeenFolder
  readonly #lists = new Map<string, readonly TreeNode[]>()

  constructor(reader: BlobReader, tree: string) {
    this.#reader = reader
    this.#top = { path: Buffer.alloc(0), tree, seen: undefined, inside: new Map() }
  }

  /** The node at the end of these names, or undefined; `tick` counts it as seen. */
  async find(names: readonly Buffer[], tick: boolean): Promise<TreeNode | undefined> {
    let folder: SeenFolder = this.#top
    for (const [depth, name] of names.entries()) {
      const nodes = await this.#list(folder)
      const at = indexOfName(nodes, name)
      const node = nodes[at]
      if (!node || depth === names.length - 1) {
        if (node && tick) (folder.seen ??= new Uint8Array(nodes.length))[at] = 1
        return node
      }
      if (node.type !== 'dir') return undefined
      folder = enter(folder, node)
    }
    return undefined
  }

  /** The paths never ticked; of a folder nothing of which was asked for, itself alone. */
  unseen(): AsyncGenerator<Buffer> {
    return this.#unseenIn(this.#top)
  }

  async *#unseenIn(folder: SeenFolder): AsyncGenerator<Buffer> {
    const nodes = await this.#list(folder)
    for (const [i, node] of nodes.entries()) {
      const known = folder.inside.get(keyOf(node.name))
      if (!folder.seen?.[i]) yield joinPath(folder.path, node.name)
      if (node.type === 'dir' && (known || folder.seen?.[i])) yield* this.#unseenIn(known ?? enter(folder, node))
    }
  }

  async #list(folder: SeenFolder): Promise<readonly TreeNode[]> {
    const nodes = this.#lists.get(folder.tree) ?? (await readPointFolder(this.#reader, folder.tree, folder.path))
    this.#lists.delete(folder.tree)
    this.#lists.set(folder.tree, nodes)
    if (this.#lists.size > listsKept) this.#lists.delete(this.#lists.keys().next().value!)
    return nodes
  }
}

const keyOf = (name: Uint8Array) => Buffer.from(name).toString('latin1')

function enter(folder: SeenFolder, node: TreeNode): SeenFolder {
  const key = keyOf(node.name)
  const known = folder.inside.get(key)
  if (known) return known
  const entered = { path: joinPath(folder.path, node.name), tree: node.subtree!, seen: undefined, inside: new Map() }
  folder.inside.set(key, entered)
  return entered
}

/** By halving; -1 if no node has the name. */
function indexOfName(nodes: readonly TreeNode[], name: Buffer): number {
  let [low, high] = [0, nodes.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = Buffer.compare(nodes[middle]!.name, name)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1
}
