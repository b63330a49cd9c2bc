import { VaultError } from '../errors.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import type { TreeNode } from './node.ts'
import { encodeNode } from './node-encode.ts'
import { parseNode } from './node-parse.ts'
import { splitNodes } from './split-nodes.ts'

// A directory is a tree blob: its entries in JSON, sorted by the raw bytes of their names. The blob's id is the hash of
// these bytes, so an equal directory must be written with equal bytes, by restic and by us.

const names = new Set(['nodes'])
const what = 'a tree'

/** Up to this size a tree is parsed at once; a JavaScript string could hold about four times as much. */
const wholeBytes = 128 * 1024 * 1024

/**
 * Reads a tree blob, in the order stored. As tolerant as restic: order, duplicates, names, sizes and the presence of
 * contents are for `check` and for restoring to judge. Only of trees above `pieceBytes` the JSON must be laid out as
 * restic does.
 */
export function parseTree(bytes: Uint8Array, pieceBytes = wholeBytes): TreeNode[] {
  if (bytes.length > pieceBytes) return parsePieces(bytes, pieceBytes)
  const object = new JsonObject(parseJson(bytes, what), what, names)
  return (object.list('nodes') ?? []).map(parseNode)
}

function parsePieces(bytes: Uint8Array, pieceBytes: number): TreeNode[] {
  const nodes: TreeNode[] = []
  for (const piece of splitNodes(bytes, pieceBytes))
    for (const node of parseJson(piece, what) as readonly unknown[]) nodes.push(parseNode(node))
  return nodes
}

/** Byte order of names, as trees are sorted. */
export const compareNames = (a: { readonly name: Uint8Array }, b: { readonly name: Uint8Array }): number =>
  Buffer.compare(a.name, b.name)

/** The tree blob of these entries, at most some 100,000, which may come in any order. Two entries of one name are refused. */
export function encodeTree(nodes: readonly TreeNode[]): Buffer {
  const sorted = nodes.toSorted(compareNames)
  sorted.forEach((node, place) => {
    if (place > 0 && compareNames(sorted[place - 1]!, node) === 0)
      throw new VaultError('bad-input', `two entries of one folder are named ${Buffer.from(node.name).toString()}`)
  })
  return Buffer.from(`{"nodes":[${sorted.map(node => encodeNode(node)).join()}]}\n`)
}
