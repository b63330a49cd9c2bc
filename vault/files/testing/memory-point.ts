import fs from 'node:fs'
import { VaultError } from '../../errors.ts'
import { idOf } from '../../format/id.ts'
import type { TreeNode } from '../../format/node.ts'
import { encodeTree } from '../../format/tree.ts'
import type { Entry } from '../../types.ts'
import { readContent, readTree } from '../blob-reader.ts'
import type { BlobReader } from '../blob-reader.ts'
import { linkKey } from '../hard-links.ts'
import { readNode } from '../node-reader.ts'
import { joinPath } from '../path.ts'
import { listNames } from '../walk.ts'

/** A point in memory, made in the plainest way: what restoring and comparing need of a vault, without one. */
export class MemoryPoint implements BlobReader {
  readonly blobs = new Map<string, Buffer>()
  readonly #pieceSize: number

  /** Files are cut into pieces of this size. */
  constructor(pieceSize = 100_000) {
    this.#pieceSize = pieceSize
  }

  readBlob(type: 'data' | 'tree', id: string): Promise<Buffer> {
    const bytes = this.blobs.get(type + id)
    if (bytes && idOf(bytes) === id) return Promise.resolve(bytes)
    return Promise.reject(new VaultError('vault-damaged', bytes ? `blob ${id} is altered` : `blob ${id} is missing`))
  }

  put(type: 'data' | 'tree', bytes: Buffer): string {
    const id = idOf(bytes)
    this.blobs.set(type + id, bytes)
    return id
  }

  /** Changes a stored blob without its id. */
  damage(type: 'data' | 'tree', id: string): void {
    const bytes = Buffer.from(this.blobs.get(type + id)!)
    bytes[0]! ^= 1
    this.blobs.set(type + id, bytes)
  }

  saveContent(bytes: Buffer): string[] {
    const ids: string[] = []
    for (let at = 0; at < bytes.length; at += this.#pieceSize)
      ids.push(this.put('data', Buffer.from(bytes.subarray(at, at + this.#pieceSize))))
    return ids
  }

  saveNodes(nodes: readonly TreeNode[]): string {
    return this.put('tree', encodeTree(nodes))
  }

  /** Everything below a folder of this machine; returns the tree with the folder's own metadata. */
  saveFolder(folder: string | Buffer): { tree: string; metadata: TreeNode } {
    const path = Buffer.from(folder)
    const metadata = this.#saveEntry(path, Buffer.from('top'))
    return { tree: metadata.subtree!, metadata }
  }

  #saveEntry(path: Buffer, name: Buffer): TreeNode {
    const { metadata, size } = readNode(path)
    const node = { ...metadata, name, size, content: null }
    if (metadata.type === 'file') return { ...node, content: this.saveContent(fs.readFileSync(path)) }
    if (metadata.type !== 'dir') return node
    const nodes = listNames(path).map(entry => this.#saveEntry(joinPath(path, entry), entry))
    return { ...node, subtree: this.saveNodes(nodes.filter(({ type }) => type !== 'socket')) }
  }

  /** The point's folder as a stream of entries, further names as links, the folder itself first. */
  async *entries(folder: { tree: string; metadata: TreeNode }): AsyncGenerator<Entry> {
    yield { path: Buffer.alloc(0), metadata: folder.metadata, size: 0n }
    yield* this.#entriesIn(folder.tree, Buffer.alloc(0), new Map())
  }

  async *#entriesIn(tree: string, folder: Buffer, firstNames: Map<string, Buffer>): AsyncGenerator<Entry> {
    for (const node of await readTree(this, tree)) {
      const path = joinPath(folder, node.name)
      const key = linkKey(node)
      const hardLinkTo = key && firstNames.get(key)
      if (key && !hardLinkTo) firstNames.set(key, path)
      if (hardLinkTo) yield { path, metadata: node, size: 0n, hardLinkTo }
      else if (node.type === 'file') yield { path, metadata: node, size: node.size, bytes: readContent(this, node) }
      else yield { path, metadata: node, size: 0n }
      if (node.type === 'dir') yield* this.#entriesIn(node.subtree!, path, firstNames)
    }
  }
}
