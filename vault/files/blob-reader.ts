import { VaultError } from '../errors.ts'
import { damaged } from '../format/damaged.ts'
import type { TreeNode } from '../format/node.ts'
import { compareNames, parseTree } from '../format/tree.ts'
import type { BulkSource } from '../reading/bulk-source.ts'
import { isPlainName } from './path.ts'

/** Where blobs come from. What it hands out is verified: its SHA-256 is the id. Rejects with vault-damaged or file-missing. */
export interface BlobReader {
  readBlob(type: 'data' | 'tree', id: string): Promise<Buffer>
  /** What threads need to read many blobs by themselves; left out where blobs are not in packs. */
  bulk?(): Promise<BulkSource>
}

/** The nodes of a folder in the order of their names' raw bytes, whatever order they were stored in. */
export async function readTree(reader: BlobReader, id: string): Promise<readonly TreeNode[]> {
  const nodes = parseTree(await reader.readBlob('tree', id))
  const sorted = nodes.every((node, i) => i === 0 || compareNames(nodes[i - 1]!, node) <= 0)
  return sorted ? nodes : nodes.toSorted(compareNames)
}

/**
 * Why this node cannot be an entry of a folder, or undefined if it can. `before` is its predecessor in the order of names.
 * A name like '..' or 'a/b' would lead out of the folder that is restored.
 */
export function nodeFlaw(node: TreeNode, before: TreeNode | undefined): string | undefined {
  if (!isPlainName(node.name)) return 'its name is none that an entry of a folder can have'
  if (before && compareNames(before, node) === 0) return 'its folder has two entries of this name'
  if (node.type === 'dir' && !node.subtree) return 'it is a folder without a list of its entries'
  if (node.type === 'file' && !node.content) return 'it is a file without a list of its parts'
  if (node.type === 'symlink' && !node.linkTarget?.length) return 'it is a link without a target'
  return undefined
}

/**
 * A file's blobs in order, the next one being read while one is used. Rejects with vault-damaged if one cannot be had
 * or if they do not add up to the node's size: a file comes whole and right, or not.
 */
export async function* readContent(reader: BlobReader, node: TreeNode): AsyncGenerator<Buffer, void, undefined> {
  const ids = node.content ?? []
  let length = 0n
  let next = startReading(reader, ids[0])
  for (let i = 0; i < ids.length; i++) {
    const bytes = await next!
    // Large empty files are one blob many times over.
    next = ids[i + 1] === ids[i] ? Promise.resolve(bytes) : startReading(reader, ids[i + 1])
    length += BigInt(bytes.length)
    yield bytes
  }
  if (length !== node.size) throw damaged(`its parts are ${length} bytes together, but it should have ${node.size}`)
}

function startReading(reader: BlobReader, id: string | undefined): Promise<Buffer> | undefined {
  if (id === undefined) return undefined
  const reading = reader.readBlob('data', id).catch((error: unknown) => {
    throw isDamage(error) ? damaged(`its part ${id} cannot be read: ${error.message}`, error) : error
  })
  // Who awaits it is told; who has given up before must not end the process by it.
  reading.catch(() => undefined)
  return reading
}

/** Whether the vault itself is at fault, so that trying other files makes sense. */
export const isDamage = (error: unknown): error is VaultError =>
  error instanceof VaultError && (error.code === 'vault-damaged' || error.code === 'file-missing')
