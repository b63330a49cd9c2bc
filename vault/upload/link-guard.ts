import { contentKey, linkKey } from '../files/hard-links.ts'
import type { TreeNode } from '../format/node.ts'

/**
 * Restoring joins files of equal inode and device to one. In a folder that is in use an inode can be freed and taken by
 * another file between two readings, or a file be written to between the readings of its names; such nodes must not
 * claim to be one file, or the content of one would be lost. Nothing is forgotten, even when all names have come: restic
 * joins whatever has these numbers anywhere in the point.
 */
export class LinkGuard {
  readonly #contents = new Map<string, string>()

  /** The node, with a single link if the file that it claims to be has other content in this point. */
  check(node: TreeNode): TreeNode {
    const key = linkKey(node)
    if (key === undefined) return node
    const content = contentKey(node)
    const known = this.#contents.get(key)
    if (known === undefined) this.#contents.set(key, content)
    return known === undefined || known === content ? node : { ...node, links: 1 }
  }
}
