import type { NodeMetadata, TreeNode } from '../format/node.ts'
import { encodeNode } from '../format/node-encode.ts'
import { parseTree } from '../format/tree.ts'
import { EntryLinks, linkedNode, linkToNothing, type LinkedFile } from './entry-links.ts'
import { addNode, folderNode, type Nameless } from './folder-draft.ts'
import { TreeDraft } from './tree-draft.ts'
import type { UploadParts } from './upload-parts.ts'
import { virtualFolder } from './virtual-node.ts'

/** So many nodes are kept as they are; beyond that, the folders' lists are squeezed. */
const mostLooseNodes = 8192

interface EntryFolder {
  /** Of the folder's own entry, once it has come. */
  metadata: NodeMetadata | undefined
  readonly list: TreeDraft
  /** Paths of the folders in it. */
  readonly folders: string[]
}

export interface EntryTreeOptions {
  /** Where it is saved: tells links of different streams in one point apart. */
  readonly space: string
  /** Milliseconds since 1970; for folders that have no entry of their own. */
  readonly time: number
}

/**
 * The folders of a stream of entries. As anything may still come into any of them until the stream ends, their lists are
 * kept, squeezed, and stored at the end. Paths are bytes, one a character; '' is the top.
 */
export class EntryTree {
  readonly #parts: UploadParts
  readonly #options: EntryTreeOptions
  readonly #folders = new Map<string, EntryFolder>()
  readonly #links = new EntryLinks()
  #loose = 0

  constructor(parts: UploadParts, options: EntryTreeOptions) {
    this.#parts = parts
    this.#options = options
    this.#folder('')
  }

  /** How many folders there are below the top. */
  get folders(): number {
    return this.#folders.size - 1
  }

  addFolder(path: string, metadata: NodeMetadata): void {
    this.#folder(path).metadata = metadata
  }

  add(path: string, node: Nameless): void {
    const { parent, name } = split(path)
    const { list } = this.#folder(parent)
    addNode(this.#parts, list, Buffer.from(name, 'latin1'), node)
    if (++this.#loose > mostLooseNodes) this.#squeeze()
  }

  /** A further name of what is added at `target`, before or after. */
  addLink(path: string, target: string): void {
    this.#folder(split(path).parent)
    this.#links.add(path, target)
  }

  /** Stores all lists; to be called last. Returns the top's node, and what came in by further names. */
  async close(): Promise<{ readonly node: Nameless; readonly linked: readonly TreeNode[] }> {
    const { revised, linked } = this.#joinLinks()
    const tree = await this.#close('', revised)
    return { node: folderNode(this.#metadata(''), tree), linked }
  }

  /** The folder of this path; those above it are made as needed. */
  #folder(path: string): EntryFolder {
    const known = this.#folders.get(path)
    if (known) return known
    if (path !== '') this.#folder(split(path).parent).folders.push(path)
    const folder = { metadata: undefined, list: new TreeDraft(this.#parts.squeezer), folders: [] }
    this.#folders.set(path, folder)
    return folder
  }

  #metadata(path: string): NodeMetadata {
    return this.#folders.get(path)!.metadata ?? virtualFolder(this.#options.time)
  }

  #squeeze(): void {
    for (const { list } of this.#folders.values()) list.squeeze()
    this.#loose = 0
  }

  /** Stores the list of a folder, after those of the folders in it; its tree. */
  async #close(path: string, revised: Revised): Promise<string> {
    const { list, folders } = this.#folders.get(path)!
    for (const inside of folders) {
      const node = folderNode(this.#metadata(inside), await this.#close(inside, revised))
      addNode(this.#parts, list, Buffer.from(split(inside).name, 'latin1'), node)
    }
    this.#parts.failure.throwIfFailed()
    return this.#parts.trees.save(list.encode(revised.get(path)))
  }

  /** Gives the names of one file equal nodes, which say so. */
  #joinLinks(): { revised: Revised; linked: readonly TreeNode[] } {
    const files = this.#links.files()
    const revised: Map<string, Map<string, string>> = new Map()
    const firsts = this.#findNodes(files)
    const linked = files.flatMap(file => {
      const node = firsts.get(file.first)
      if (!node) throw linkToNothing(file.others[0]!, file.first)
      const { parent, name } = split(file.first)
      const joined = linkedNode(node, file.others.length + 1, this.#options.space, file.first)
      revised.set(parent, (revised.get(parent) ?? new Map()).set(name, encodeNode(joined)))
      return file.others.map(path => this.#addName(path, joined))
    })
    return { revised, linked }
  }

  #addName(path: string, node: TreeNode): TreeNode {
    this.add(path, node)
    return node
  }

  /** The nodes of the files' first names, by path. Each list is looked through once. */
  #findNodes(files: readonly LinkedFile[]): Map<string, TreeNode> {
    const wanted = Map.groupBy(files, ({ first }) => split(first).parent)
    const found = new Map<string, TreeNode>()
    for (const [parent, some] of wanted) {
      const names = new Set(some.map(({ first }) => split(first).name))
      for (const [name, json] of this.#folders.get(parent)?.list.find(names) ?? [])
        found.set(parent === '' ? name : `${parent}/${name}`, parseTree(Buffer.from(`{"nodes":[${json}]}`))[0]!)
    }
    return found
  }
}

/** Nodes that replace others in a folder's list: by the folder's path, then by name. */
type Revised = ReadonlyMap<string, ReadonlyMap<string, string>>

function split(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf('/')
  return { parent: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) }
}
