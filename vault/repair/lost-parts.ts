import type { BlobIndex } from '../blob-index.ts'
import { isDamage, nodeFlaw, readTree, type BlobReader } from '../files/blob-reader.ts'
import { joinPath, printablePath } from '../files/path.ts'
import type { TreeNode } from '../format/node.ts'
import { compareNames } from '../format/tree.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { LostPart, VaultRun } from '../types.ts'
import type { BadPacks } from './bad-packs.ts'

/** Parts of one point that are told one by one. */
const partsTold = 1000

/** A folder without what is lost of it. */
export interface MendedFolder {
  readonly nodes: readonly TreeNode[]
  /** Some entry is another one than before. */
  readonly changed: boolean
}

/** What is lost of one point. */
export class Losses {
  readonly parts: LostPart[] = []
  further = 0

  add(path: Uint8Array, what: LostPart['what']): void {
    if (this.parts.length < partsTold) this.parts.push({ path: printablePath(path), what })
    else this.further++
  }

  get count(): number {
    return this.parts.length + this.further
  }
}

export interface MendingOptions {
  readonly index: BlobIndex
  readonly reader: BlobReader
  readonly bad: BadPacks
  readonly run: VaultRun
  /** Stores a folder's list and returns its id; while only looking, any id. */
  readonly saveTree: (nodes: readonly TreeNode[]) => Promise<string>
}

/** Goes through points and makes of each what is left of it: entries whose content is lost are left out. */
export class TreeMender {
  readonly #options: MendingOptions
  /** Trees below which nothing is lost. */
  readonly #whole = new Set<string>()

  constructor(options: MendingOptions) {
    this.#options = options
  }

  /** The folder as far as it can be had; undefined where its list is lost. */
  async mend(tree: string, path: Buffer, losses: Losses): Promise<MendedFolder | undefined> {
    throwIfInterrupted(this.#options.run)
    const nodes = await this.#read(tree)
    if (!nodes) return undefined
    const before = losses.count
    const mended: TreeNode[] = []
    for (const [place, node] of nodes.entries()) {
      const left = await this.#mendNode(node, nodes[place - 1], joinPath(path, node.name), losses)
      if (left) mended.push(left)
    }
    const changed = mended.length < nodes.length || mended.some((node, i) => node !== nodes[i])
    if (!changed && losses.count === before) this.#whole.add(tree)
    return { nodes: changed ? withoutClashes(mended, nodes) : mended, changed }
  }

  async #mendNode(
    node: TreeNode,
    before: TreeNode | undefined,
    path: Buffer,
    losses: Losses,
  ): Promise<TreeNode | undefined> {
    if (nodeFlaw(node, before) !== undefined || node.type === 'irregular') return void losses.add(path, 'entry')
    if (node.type === 'file') return this.#mendFile(node, path, losses)
    if (node.type !== 'dir' || this.#whole.has(node.subtree!)) return node
    const below = await this.mend(node.subtree!, path, losses)
    if (!below) return void losses.add(path, 'folder')
    return below.changed ? { ...node, subtree: await this.#options.saveTree(below.nodes) } : node
  }

  // What is left of a file is kept, but never under its name: nobody shall take it for the whole.
  #mendFile(node: TreeNode, path: Buffer, losses: Losses): TreeNode | undefined {
    const content = node.content ?? []
    const left = content.filter(id => this.#options.bad.hasGood('data', id))
    const size = left.reduce((sum, id) => sum + BigInt(this.#lengthOf(id)), 0n)
    if (left.length === content.length) return size === node.size ? node : { ...node, size }
    losses.add(path, 'file')
    return left.length === 0 ? undefined : { ...node, name: damagedName(node.name), content: left, size }
  }

  #lengthOf(id: string): number {
    const { index, bad } = this.#options
    return index.plainLengthOf(index.entriesOf('data', id).find(entry => !bad.entries.has(entry))!)
  }

  async #read(tree: string): Promise<readonly TreeNode[] | undefined> {
    try {
      return await readTree(this.#options.reader, tree)
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }
}

const longestName = 255
const suffix = Buffer.from('.damaged')

const damagedName = (name: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(name).subarray(0, longestName - suffix.length), suffix])

/** Sorted; where another entry has the name already, what is left of a file gives way. */
function withoutClashes(nodes: readonly TreeNode[], before: readonly TreeNode[]): readonly TreeNode[] {
  const old = new Set(before.map(({ name }) => nameKey(name)))
  const isNew = ({ name }: TreeNode) => Number(!old.has(nameKey(name)))
  const names = new Map<string, TreeNode>()
  for (const node of nodes.toSorted((a, b) => isNew(b) - isNew(a))) names.set(nameKey(node.name), node)
  return [...names.values()].sort(compareNames)
}

const nameKey = (name: Uint8Array): string => Buffer.from(name).toString('latin1')
