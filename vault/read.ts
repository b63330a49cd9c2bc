import { isDamage, nodeFlaw, readContent, readTree, type BlobReader } from './files/blob-reader.ts'
import { HardLinks } from './files/hard-links.ts'
import { joinPath, printablePath, splitPath } from './files/path.ts'
import { VaultError } from './errors.ts'
import { damaged } from './format/damaged.ts'
import type { NodeMetadata, TreeNode } from './format/node.ts'
import type { PointFolder } from './restore.ts'
import type { Entry, PathInPoint, Snapshot } from './types.ts'

// Reading a point by path. Every failure says which path of which point it is about.

/** The folder at the top of a point. Points do not record one, so it belongs to nobody and is as old as the point. */
export function rootNode(snapshot: Snapshot): TreeNode {
  const time = BigInt(snapshot.time.getTime()) * 1_000_000n
  return {
    name: Buffer.alloc(0),
    type: 'dir',
    mode: 0o755,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    inode: 0n,
    deviceId: 0n,
    links: 0,
    size: 0n,
    content: null,
    subtree: snapshot.tree,
  }
}

/** The node at `path`, or undefined; '' is the top folder. */
export async function findNode(
  reader: BlobReader,
  snapshot: Snapshot,
  path: PathInPoint,
): Promise<TreeNode | undefined> {
  let node: TreeNode | undefined = rootNode(snapshot)
  let at: Buffer = Buffer.alloc(0)
  for (const name of splitPath(Buffer.from(path))) {
    if (node?.type !== 'dir') return undefined
    const nodes: readonly TreeNode[] = await readFolder(reader, snapshot, node, at)
    node = nodes.find(entry => name.equals(entry.name))
    at = joinPath(at, name)
  }
  return node
}

/** The entries of the folder at `path`, sorted by the bytes of their names. */
export async function listFolder(
  reader: BlobReader,
  snapshot: Snapshot,
  path: PathInPoint,
): Promise<readonly TreeNode[]> {
  const folder = await mustFind(reader, snapshot, path)
  if (folder.type !== 'dir') throw missing(snapshot, path, 'is not a folder')
  return readFolder(reader, snapshot, folder, Buffer.from(path))
}

/** A folder as a whole, for restoring and comparing. The top folder has no metadata of its own. */
export async function findFolder(reader: BlobReader, snapshot: Snapshot, path: PathInPoint): Promise<PointFolder> {
  const node = await mustFind(reader, snapshot, path)
  if (node.type !== 'dir') throw missing(snapshot, path, 'is not a folder')
  if (!node.subtree)
    throw unreadable(snapshot, Buffer.from(path), damaged('it is a folder without a list of its entries'))
  return node.name.length > 0 ? { tree: node.subtree, metadata: node } : { tree: node.subtree }
}

/** A file's bytes, each piece verified before it is handed out; rejects with vault-damaged if it cannot come whole. */
export async function* readFile(
  reader: BlobReader,
  snapshot: Snapshot,
  path: PathInPoint,
): AsyncGenerator<Uint8Array, void, undefined> {
  const node = await mustFind(reader, snapshot, path)
  if (node.type !== 'file') throw missing(snapshot, path, 'is not a file')
  yield* contentOf(reader, snapshot, node, Buffer.from(path))
}

/** The entry at `path` first, with the empty path, then all that is below it, each folder before what is in it. */
export async function* entries(
  reader: BlobReader,
  snapshot: Snapshot,
  path: PathInPoint,
): AsyncGenerator<Entry, void, undefined> {
  const top = await mustFind(reader, snapshot, path)
  const from = { reader, snapshot, top: Buffer.from(path), links: new HardLinks() }
  yield* entriesOf(from, top, Buffer.alloc(0))
}

interface Source {
  readonly reader: BlobReader
  readonly snapshot: Snapshot
  readonly top: Buffer
  readonly links: HardLinks
}

// With a list of its own instead of calls in each other: folders may be nested deeper than a stack holds.
async function* entriesOf(from: Source, node: TreeNode, path: Buffer): AsyncGenerator<Entry, void, undefined> {
  const waiting = [{ node, path }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    yield entryOf(from, next.node, next.path)
    if (next.node.type !== 'dir') continue
    for (const child of (await childrenOf(from, next.node, next.path)).reverse()) waiting.push(child)
  }
}

async function childrenOf(from: Source, folder: TreeNode, path: Buffer): Promise<{ node: TreeNode; path: Buffer }[]> {
  const nodes = await readFolder(from.reader, from.snapshot, folder, joinPath(from.top, path))
  return nodes.map((node, place) => {
    const childPath = joinPath(path, node.name)
    const flaw = nodeFlaw(node, nodes[place - 1])
    if (flaw) throw unreadable(from.snapshot, joinPath(from.top, childPath), damaged(flaw))
    return { node, path: childPath }
  })
}

function entryOf({ reader, snapshot, top, links }: Source, node: TreeNode, path: Buffer): Entry {
  const metadata = metadataOf(node)
  const role = links.role(node, path)
  if (role.kind === 'further') return { path, metadata, size: 0n, hardLinkTo: role.path }
  if (node.type !== 'file') return { path, metadata, size: 0n }
  return { path, metadata, size: node.size, bytes: contentOf(reader, snapshot, node, joinPath(top, path)) }
}

function metadataOf(node: TreeNode): NodeMetadata {
  const metadata: Partial<{ -readonly [K in keyof TreeNode]: TreeNode[K] }> = { ...node }
  for (const ofPlace of ['name', 'size', 'content', 'subtree'] as const) delete metadata[ofPlace]
  return metadata as NodeMetadata
}

async function* contentOf(
  reader: BlobReader,
  snapshot: Snapshot,
  node: TreeNode,
  path: Buffer,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!node.content) throw unreadable(snapshot, path, damaged('it is a file without a list of its parts'))
  try {
    yield* readContent(reader, node)
  } catch (error) {
    throw isDamage(error) ? unreadable(snapshot, path, error) : error
  }
}

async function readFolder(
  reader: BlobReader,
  snapshot: Snapshot,
  node: TreeNode,
  path: Buffer,
): Promise<readonly TreeNode[]> {
  try {
    if (!node.subtree) throw damaged('it is a folder without a list of its entries')
    return await readTree(reader, node.subtree)
  } catch (error) {
    throw isDamage(error) ? unreadable(snapshot, path, error) : error
  }
}

async function mustFind(reader: BlobReader, snapshot: Snapshot, path: PathInPoint): Promise<TreeNode> {
  const node = await findNode(reader, snapshot, path)
  if (node) return node
  throw missing(snapshot, path, 'is not there')
}

const missing = (snapshot: Snapshot, path: PathInPoint, what: string): VaultError =>
  new VaultError('file-missing', `${path || 'the top folder'} ${what} in point ${snapshot.id.slice(0, 8)}`)

const unreadable = (snapshot: Snapshot, path: Uint8Array, cause: VaultError): VaultError =>
  damaged(`${printablePath(path) || 'the top folder'} in point ${snapshot.id.slice(0, 8)}: ${cause.message}`, cause)
