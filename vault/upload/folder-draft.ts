import type { NodeMetadata, TreeNode } from '../format/node.ts'
import { encodeNode } from '../format/node-encode.ts'
import type { Before } from './tally.ts'
import { TreeDraft } from './tree-draft.ts'
import type { UploadParts } from './upload-parts.ts'

/** What becomes a node once it has a name: metadata and content. */
export type Nameless = Omit<TreeNode, 'name'>

export const fileNode = (metadata: NodeMetadata, content: readonly string[], size: number): Nameless => ({
  ...metadata,
  size: BigInt(size),
  content,
})

export const folderNode = (metadata: NodeMetadata, subtree: string): Nameless => ({
  ...metadata,
  size: 0n,
  content: null,
  subtree,
})

/** Symlinks, fifos, devices. */
export const otherNode = (metadata: NodeMetadata): Nameless => ({ ...metadata, size: 0n, content: null })

type Counting = Pick<UploadParts, 'links' | 'tally'>

/** Serialises a node and counts it for the summary. */
export function encodeCounted(parts: Counting, name: Uint8Array, nameless: Nameless, before?: Before): string {
  const node = parts.links.check({ ...nameless, name })
  const json = encodeNode(node)
  parts.tally.count(node, json, before)
  return json
}

/** The same, and puts it into a folder's list. */
export function addNode(
  parts: Counting,
  list: TreeDraft,
  name: Uint8Array,
  nameless: Nameless,
  before?: TreeNode,
): void {
  list.add(name, encodeCounted(parts, name, nameless, before && { text: '', node: before }))
}
