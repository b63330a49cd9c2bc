import type { TreeNode } from '../format/node.ts'
import { encodeNode } from '../format/node-encode.ts'

/** What stood somewhere in the earlier point: its node, and its JSON if it is laid out as we do it. */
export interface Before {
  readonly text: string
  readonly node: TreeNode | undefined
}

type Change = 'new' | 'changed' | 'unmodified'

/** Counts what goes into a point for the snapshot's summary, as restic does. */
export class Tally {
  readonly files: Record<Change, number> = { new: 0, changed: 0, unmodified: 0 }
  readonly folders: Record<Change, number> = { new: 0, changed: 0, unmodified: 0 }
  /** Lengths of all files. */
  bytes = 0

  /** Files that are in the point as they were in the earlier one, of so many bytes together. */
  countUnmodified(files: number, bytes: number): void {
    this.bytes += bytes
    this.files.unmodified += files
  }

  /** A file that no earlier point is compared with. */
  countNew(size: number): void {
    this.bytes += size
    this.files.new++
  }

  /** `json` is the node as it is saved. */
  count(node: TreeNode, json: string, before?: Before): void {
    if (node.type === 'file') this.bytes += Number(node.size)
    if (node.type === 'file') this.files[changeOf(node, json, before)]++
    else if (node.type === 'dir') this.folders[changeOf(node, json, before)]++
  }
}

function changeOf(node: TreeNode, json: string, before: Before | undefined): Change {
  if (before?.text === json) return 'unmodified'
  const found = before?.node
  if (found?.type !== node.type) return 'new'
  return encodeNode(found) === json ? 'unmodified' : 'changed'
}
