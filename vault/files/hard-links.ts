import { hash } from 'node:crypto'
import type { TreeNode } from '../format/node.ts'

/** What a node that is restored has to do with the names before it. */
export type LinkRole =
  /** It stands for itself. `torn`: it was a further name of `torn` once, but the point holds other content under it. */
  | { readonly kind: 'alone'; readonly torn?: Buffer }
  /** The first name of a file with several: `made` must be called with whether it was restored. */
  | { readonly kind: 'first'; readonly made: (restored: boolean) => void }
  /** A further name of the file at `path`, once `ready` says that it is there. */
  | { readonly kind: 'further'; readonly path: Buffer; readonly ready: Promise<boolean> }

// One is kept for each linked file whose further names have not come, and they never come where they lie outside the
// point: so not its node, whose list of blobs can be long.
interface Linked {
  readonly path: Buffer
  readonly content: string
  readonly ready: Promise<boolean>
  namesLeft: number
}

/** The key under which names of one file meet, or undefined if the node says nothing about further names. */
export const linkKey = (node: Pick<TreeNode, 'type' | 'links' | 'inode' | 'deviceId'>): string | undefined =>
  node.links > 1 && node.inode !== 0n && node.type !== 'dir' ? `${node.deviceId}:${node.inode}` : undefined

/** Finds the names that belong to one file among the nodes of a point. Forgets a file when all its names have come. */
export class HardLinks {
  readonly #files = new Map<string, Linked>()

  role(node: TreeNode, path: Buffer): LinkRole {
    const key = linkKey(node)
    if (key === undefined) return { kind: 'alone' }
    const first = this.#files.get(key)
    if (!first) return this.#first(key, node, path)
    if (--first.namesLeft === 0) this.#files.delete(key)
    // A file that was written to between its two readings, or another program's careless numbers: joining them would
    // put one file's content under the other's name.
    if (first.content !== contentKey(node)) return { kind: 'alone', torn: first.path }
    return { kind: 'further', path: first.path, ready: first.ready }
  }

  #first(key: string, node: TreeNode, path: Buffer): LinkRole {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#files.set(key, { path, content: contentKey(node), ready: promise, namesLeft: node.links - 1 })
    return { kind: 'first', made: resolve }
  }
}

/** The same for two nodes only if they can be names of one file. */
export function contentKey({ type, size, device, linkTarget, content }: TreeNode): string {
  const target = linkTarget ? Buffer.from(linkTarget).toString('hex') : ''
  return hash('sha256', `${type} ${size} ${device} ${target} ${content?.join() ?? ''}`, 'base64')
}

/** Whether two nodes can be names of one file. */
export const sameContent = (a: TreeNode, b: TreeNode): boolean => contentKey(a) === contentKey(b)
