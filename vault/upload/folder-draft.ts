import type { NodeMetadata, TreeNode } from '../format/node.ts'
import { encodeNode } from '../format/node-encode.ts'
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

/** Serialises a node, counts it for the summary and puts it into a folder's list. */
export function addNode(
  parts: Pick<UploadParts, 'links' | 'tally'>,
  list: TreeDraft,
  name: Uint8Array,
  nameless: Nameless,
  before?: TreeNode,
): void {
  const node = parts.links.check({ ...nameless, name })
  const json = encodeNode(node)
  parts.tally.count(node, json, before)
  list.add(name, json)
}
