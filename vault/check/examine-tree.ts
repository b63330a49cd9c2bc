import { nodeFlaw } from '../files/blob-reader.ts'
import { printablePath } from '../files/path.ts'
import type { TreeNode } from '../format/node.ts'
import { compareNames, parseTree } from '../format/tree.ts'
import type { CheckState } from './check-state.ts'
import { isFinding } from './is-finding.ts'
import type { TreeReader } from './tree-reader.ts'
import { foldersOfUsual, type SubFolder } from './usual-tree.ts'

/** What is wrong with one folder itself, and what is below it. */
export interface ExaminedTree {
  /** `name` is the entry that it is about; absent when it is the folder as a whole. */
  readonly faults: readonly { readonly finding: number; readonly name?: Uint8Array }[]
  readonly folders: readonly SubFolder[]
}

/** Reads a tree and applies the format's rules to every entry. Examined again, it has the same findings. */
export async function examineTree(state: CheckState, reader: TreeReader, id: string): Promise<ExaminedTree> {
  const read = await reader.read(id)
  if ('faults' in read) return { faults: read.faults.map(finding => ({ finding })), folders: [] }
  const folders = foldersOfUsual(state, read.bytes)
  return folders ? { faults: [], folders } : examineEntries({ state, id, file: read.file }, read.bytes)
}

function examineEntries(tree: TreeInHand, bytes: Buffer): ExaminedTree {
  const nodes = parseNodes(tree, bytes)
  if (typeof nodes === 'number') return { faults: [{ finding: nodes }], folders: [] }
  const sorted = nodes.toSorted(compareNames)
  if (nodes.some((node, i) => node !== sorted[i])) noteUnsorted(tree)
  const faults = sorted.flatMap((node, i) =>
    faultsOf(tree, node, sorted[i - 1]).map(finding => ({ finding, name: node.name })),
  )
  const folders = sorted.flatMap(({ type, name, subtree }) =>
    type === 'dir' && subtree ? [{ name, tree: subtree }] : [],
  )
  return { faults, folders }
}

/** The finding where that is not possible: rightly stored, but not rightly made, so that every copy is the same. */
function parseNodes({ state: { findings }, id, file }: TreeInHand, bytes: Buffer): TreeNode[] | number {
  try {
    return parseTree(bytes)
  } catch (error) {
    if (!isFinding(error)) throw error
    const message = `the folder list ${id} is invalid: ${error.message}`
    return findings.once(`invalid ${id}`, () => findings.add('damage', 'tree-invalid', file, message))
  }
}

interface TreeInHand {
  readonly state: CheckState
  readonly id: string
  readonly file: string
}

function faultsOf(tree: TreeInHand, node: TreeNode, before: TreeNode | undefined): number[] {
  if (node.links > 1 && node.inode === 0n && node.type === 'file') noteUnsafeLinks(tree)
  const faults = (node.content ?? []).flatMap(id => (node.type === 'file' ? tree.state.faultsOf('data', id) : []))
  const flaw =
    nodeFlaw(node, before) ?? unknownType(node) ?? (faults.length === 0 ? wrongSize(tree.state, node) : undefined)
  return flaw === undefined ? [...new Set(faults)] : [...new Set(faults), invalidNode(tree, node, flaw)]
}

const unknownType = ({ type }: TreeNode): string | undefined =>
  type === 'irregular' ? 'it is of a type that nothing can restore' : undefined

function wrongSize({ index }: CheckState, node: TreeNode): string | undefined {
  if (node.type !== 'file') return undefined
  const lengths = (node.content ?? []).map(id => BigInt(index.plainLengthOf(index.entryOf('data', id)!)))
  const total = lengths.reduce((sum, length) => sum + length, 0n)
  return total === node.size ? undefined : `its parts are ${total} bytes together, but it should have ${node.size}`
}

function invalidNode({ state, id, file }: TreeInHand, node: TreeNode, flaw: string): number {
  const name = printablePath(node.name)
  const message = `the entry '${name}' of the folder list ${id} is invalid: ${flaw}`
  const key = `invalid ${id} ${Buffer.from(node.name).toString('hex')} ${flaw}`
  return state.findings.once(key, () => state.findings.add('damage', 'tree-invalid', file, message))
}

// One hint for the whole vault: a program that does this does it everywhere.
function noteUnsorted({ state: { findings }, id, file }: TreeInHand): void {
  const message = `the folder list ${id} is not sorted (and maybe others): restic reads all its files again at each backup`
  findings.once('unsorted', () => findings.add('hint', 'tree-invalid', file, message))
}

function noteUnsafeLinks({ state: { findings }, id, file }: TreeInHand): void {
  const message = `the folder list ${id} has files with several names but no inode (and maybe others): restic would join different ones`
  findings.once('unsafe links', () => findings.add('hint', 'tree-invalid', file, message))
}
