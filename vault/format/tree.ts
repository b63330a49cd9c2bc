import { VaultError } from '../errors.ts'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import type { TreeNode } from './node.ts'
import { encodeNode } from './node-encode.ts'
import { parseNode } from './node-parse.ts'

// A directory is a tree blob: its entries in JSON, sorted by the raw bytes of their names. The blob's id is the hash of
// these bytes, so an equal directory must be written with equal bytes, by restic and by us.

const names = new Set(['nodes'])

/**
 * Reads a tree blob, in the order stored. As tolerant as restic: order, duplicates, names, sizes and the presence of
 * contents are for `check` and for restoring to judge.
 */
export function parseTree(bytes: Uint8Array): TreeNode[] {
  const object = new JsonObject(parseJson(bytes, 'a tree'), 'a tree', names)
  return (object.list('nodes') ?? []).map(parseNode)
}

/** Byte order of names, as trees are sorted. */
export const compareNames = (a: { readonly name: Uint8Array }, b: { readonly name: Uint8Array }): number =>
  Buffer.compare(a.name, b.name)

/** The tree blob of these entries, which may come in any order. Two entries of one name are refused. */
export function encodeTree(nodes: readonly TreeNode[]): Buffer {
  const sorted = nodes.toSorted(compareNames)
  sorted.forEach((node, place) => {
    if (place > 0 && compareNames(sorted[place - 1]!, node) === 0)
      throw new VaultError('bad-input', `two entries of one folder are named ${Buffer.from(node.name).toString()}`)
  })
  return joinNodes(sorted.map(node => encodeNode(node)))
}

/** The tree blob of entries that `encodeNode` has written and that are sorted and distinct already. */
export const joinNodes = (encoded: readonly string[]): Buffer => Buffer.from(`{"nodes":[${encoded.join()}]}\n`)
