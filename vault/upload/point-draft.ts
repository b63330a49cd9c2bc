import { VaultError } from '../errors.ts'
import { isPlainName } from '../files/path.ts'
import type { TreeNode } from '../format/node.ts'
import type { PathInPoint } from '../types.ts'
import { addNode, folderNode, type Nameless } from './folder-draft.ts'
import { TreeDraft } from './tree-draft.ts'
import type { UploadParts } from './upload-parts.ts'
import { virtualFolder } from './virtual-node.ts'

type Item = { readonly kind: 'folder'; readonly items: Map<string, Item> } | SavedItem

/** Something that is saved at a path, or is being saved. */
export interface SavedItem {
  readonly kind: 'saved'
  node: Nameless | undefined
  before: TreeNode | undefined
}

/** The top of a new point: what is saved where, and the folders above. */
export class PointDraft {
  #top: Item = { kind: 'folder', items: new Map() }

  /** Takes the path for something that is to be saved there. Throws bad-input if it is no path, or taken already. */
  reserve(path: PathInPoint): SavedItem {
    const item: SavedItem = { kind: 'saved', node: undefined, before: undefined }
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) this.#takeTop(item)
    else {
      const items = this.#foldersTo(names, path)
      if (items.has(name)) throw taken(path)
      items.set(name, item)
    }
    return item
  }

  /** Gives the path back. */
  release(path: PathInPoint, item: SavedItem): void {
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) this.#top = { kind: 'folder', items: new Map() }
    else {
      const items = this.#foldersTo(names, path)
      if (items.get(name) === item) items.delete(name)
    }
  }

  /** Stores the lists of the folders above what is saved; the tree of the top. */
  async close(parts: UploadParts, time: number): Promise<string> {
    return this.#top.kind === 'saved' ? this.#top.node!.subtree! : closeFolder(this.#top.items, parts, time)
  }

  #takeTop(item: SavedItem): void {
    if (this.#top.kind === 'saved' || this.#top.items.size > 0) throw taken('')
    this.#top = item
  }

  #foldersTo(names: readonly string[], path: PathInPoint): Map<string, Item> {
    let folder = this.#top
    for (const name of names) {
      if (folder.kind === 'saved') throw taken(path)
      const next: Item = folder.items.get(name) ?? { kind: 'folder', items: new Map() }
      folder.items.set(name, next)
      folder = next
    }
    if (folder.kind === 'saved') throw taken(path)
    return folder.items
  }
}

async function closeFolder(items: ReadonlyMap<string, Item>, parts: UploadParts, time: number): Promise<string> {
  const list = new TreeDraft(parts.squeezer)
  for (const [name, item] of items) {
    if (item.kind === 'saved') addNode(parts, list, Buffer.from(name), item.node!, item.before)
    else if (item.items.size > 0) {
      const tree = await closeFolder(item.items, parts, time)
      addNode(parts, list, Buffer.from(name), folderNode(virtualFolder(time), tree))
    }
  }
  return parts.trees.save(list.encode())
}

function namesOf(path: PathInPoint): string[] {
  const names = path === '' ? [] : path.split('/')
  if (names.every(name => isPlainName(Buffer.from(name)))) return names
  throw new VaultError(
    'bad-input',
    `'${path}' is no path in a point: it must be relative, without empty parts, . or ..`,
  )
}

const taken = (path: PathInPoint): VaultError =>
  new VaultError('bad-input', `something is saved already at '${path}', above it or below it in the point`)
