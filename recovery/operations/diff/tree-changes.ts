import type { Run } from '../../domain/run.ts'
import { readable } from '../../sources/byte-path.ts'
import type { Snapshot, TreeNode, Vault } from '../../../vault/index.ts'

/** A file, link or the like that is not the same in two points. */
export interface FileChange {
  /** Below the compared folder; for people. */
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Bytes; null where it is not there. */
  readonly before: number | null
  readonly after: number | null
}

type Reads = Pick<Vault, 'findNode' | 'listFolder'>

interface Side {
  readonly snapshot: Snapshot
  /** undefined: the folder is not in this point. */
  readonly path: string | undefined
}

/** What differs between two folders of points, folder by folder; those with the same id are the same, and are not read. */
export async function treeChanges(vault: Reads, a: Side, b: Side, run: Run): Promise<FileChange[]> {
  const found: FileChange[] = []
  const [before, after] = [await nodeAt(vault, a), await nodeAt(vault, b)]
  await compare({ vault, a, b, run, found }, '', before, after)
  return found
}

const nodeAt = async (vault: Reads, { snapshot, path }: Side) =>
  path === undefined ? undefined : vault.findNode(snapshot, path)

interface Comparison {
  readonly vault: Reads
  readonly a: Side
  readonly b: Side
  readonly run: Run
  readonly found: FileChange[]
}

async function compare(
  comparison: Comparison,
  path: string,
  before: TreeNode | undefined,
  after: TreeNode | undefined,
): Promise<void> {
  comparison.run.signal.throwIfAborted()
  const folders = [before, after].map(node => (node?.type === 'dir' ? node : undefined))
  if (folders[0] && folders[1] && folders[0].subtree === folders[1].subtree) return
  const files = [before, after].map(node => (node && node.type !== 'dir' ? node : undefined))
  if (files[0] || files[1]) note(comparison, path, files[0], files[1])
  if (!folders[0] && !folders[1]) return
  const [old, now] = [
    await childrenOf(comparison.vault, comparison.a, path, folders[0]),
    await childrenOf(comparison.vault, comparison.b, path, folders[1]),
  ]
  for (const name of [...new Set([...old.keys(), ...now.keys()])].sort())
    await compare(comparison, path === '' ? name : `${path}/${name}`, old.get(name), now.get(name))
}

/** Names as bytes. */
async function childrenOf(
  vault: Reads,
  { snapshot, path: top }: Side,
  path: string,
  folder: TreeNode | undefined,
): Promise<Map<string, TreeNode>> {
  if (!folder) return new Map()
  const place = [top!, Buffer.from(path, 'latin1').toString()].filter(Boolean).join('/')
  const nodes = await vault.listFolder(snapshot, place)
  return new Map(nodes.map(node => [Buffer.from(node.name).toString('latin1'), node]))
}

function note({ found }: Comparison, path: string, before: TreeNode | undefined, after: TreeNode | undefined): void {
  if (before && after && isSame(before, after)) return
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  found.push({ path: readable(path), change, before: sizeOf(before), after: sizeOf(after) })
}

const sizeOf = (node: TreeNode | undefined) => (node ? Number(node.size) : null)

/** Time alone is no change. */
const isSame = (a: TreeNode, b: TreeNode): boolean =>
  a.type === b.type &&
  a.size === b.size &&
  a.mode === b.mode &&
  Buffer.from(a.linkTarget ?? '').equals(Buffer.from(b.linkTarget ?? '')) &&
  (a.content ?? []).join() === (b.content ?? []).join()
