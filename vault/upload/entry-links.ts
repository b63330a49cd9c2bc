import { hash } from 'node:crypto'
import { VaultError } from '../errors.ts'
import { printablePath } from '../files/path.ts'
import type { TreeNode } from '../format/node.ts'

/** A file of a stream of entries with all its names. Paths are bytes, one a character. */
export interface LinkedFile {
  readonly first: string
  readonly others: readonly string[]
}

/** Gathers the further names in a stream of entries. */
export class EntryLinks {
  /** Under each further name, the name it was given for. */
  readonly #targets = new Map<string, string>()

  add(path: string, target: string): void {
    this.#targets.set(path, target)
  }

  /** Each file with several names; a link to a further name leads to the first one. */
  files(): LinkedFile[] {
    const others = new Map<string, string[]>()
    for (const path of this.#targets.keys()) {
      const first = this.#firstName(path)
      others.set(first, [...(others.get(first) ?? []), path])
    }
    return Array.from(others, ([first, names]) => ({ first, others: names }))
  }

  #firstName(path: string): string {
    let first = path
    for (let steps = 0; this.#targets.has(first); steps++) {
      first = this.#targets.get(first)!
      if (steps > this.#targets.size) throw linkToNothing(path, first)
    }
    return first
  }
}

/** A further name of something that is not in the stream. */
export const linkToNothing = (path: string, target: string): VaultError =>
  new VaultError('bad-input', `${printable(path)} is another name of ${printable(target)}, which is not there`)

const printable = (path: string): string => printablePath(Buffer.from(path, 'latin1'))

/**
 * The node of a file with `names` names. Streams tell no inode, but only nodes of equal inode and device are joined
 * again; so the file gets numbers of its own that no file system gives, the same each time it is saved.
 */
export function linkedNode(node: TreeNode, names: number, space: string, first: string): TreeNode {
  if (node.inode !== 0n && node.deviceId !== 0n) return { ...node, links: Math.max(node.links, names) }
  return { ...node, links: names, inode: numberOf(`${space}\0${first}`), deviceId: numberOf(space) }
}

/** 63 bits of a hash under a bit that real inodes and devices do not have. */
const numberOf = (text: string): bigint =>
  hash('sha256', Buffer.from(text, 'latin1'), 'buffer').readBigUInt64BE() | 0x8000_0000_0000_0000n
