import { createRepository } from '../create.ts'
import { encodeTree } from '../format/tree.ts'
import type { TreeNode } from '../format/node.ts'
import { compress } from '../format/compress.ts'
import { encodeIndex, type IndexedPack } from '../format/index-file.ts'
import { idOf } from '../format/id.ts'
import { encodePackHeader, type BlobEntry, type BlobType } from '../format/pack.ts'
import { encodeSnapshot } from '../format/snapshot.ts'
import { seal } from '../crypto/seal.ts'
import type { Repository } from '../repository.ts'
import type { Storage } from '../storage/storage.ts'
import type { SnapshotDetails } from '../types.ts'
import { MemoryStorage } from '../storage/memory.ts'

/** Cheap key derivation: what a test creates protects nothing. */
export const cheapScrypt = { N: 16, r: 1, p: 1 }
export const testPassword = 'geheim'

/** An empty repository, in memory unless told otherwise. */
export async function testRepository(storage: Storage = new MemoryStorage()): Promise<Repository> {
  const first = { password: testPassword, username: 'user', hostname: 'host', scrypt: cheapScrypt }
  return (await createRepository(storage, first)).repository
}

/** A blob as a test wants it in a pack; what is said here wins over what would be right. */
export interface TestBlob {
  readonly type: BlobType
  readonly plain: Uint8Array
  readonly compressed?: boolean
  readonly id?: string
  readonly uncompressedLength?: number
}

/** Stores a pack of these blobs, and nothing in the index. */
export async function storePack(repository: Repository, blobs: readonly TestBlob[]): Promise<IndexedPack> {
  const entries: BlobEntry[] = []
  const parts: Buffer[] = []
  for (const { type, plain, compressed = true, id = idOf(plain), uncompressedLength } of blobs) {
    const stored = seal(repository.key, compressed && plain.length > 0 ? compress(plain) : plain)
    const length = uncompressedLength ?? (compressed ? plain.length : 0)
    entries.push({
      id,
      type,
      offset: parts.reduce((sum, part) => sum + part.length, 0),
      length: stored.length,
      uncompressedLength: length,
    })
    parts.push(stored)
  }
  const header = seal(repository.key, encodePackHeader(entries))
  const lengthField = Buffer.alloc(4)
  lengthField.writeUInt32LE(header.length)
  const pack = Buffer.concat([...parts, header, lengthField])
  await repository.storage.save('data', idOf(pack), pack)
  return { id: idOf(pack), blobs: entries }
}

/** Stores an index file of these packs. */
export const storeIndex = (repository: Repository, packs: readonly IndexedPack[]): Promise<string> =>
  repository.saveUnpacked('index', encodeIndex({ packs }))

/** Stores a snapshot file of this tree. */
export const storeSnapshot = (
  repository: Repository,
  tree: string,
  details: Partial<SnapshotDetails> = {},
): Promise<string> => repository.saveUnpacked('snapshots', encodeSnapshot({ ...testDetails, tree, ...details }))

export const testDetails: SnapshotDetails = {
  time: new Date('2026-01-02T03:04:05.678Z'),
  hostname: 'host',
  username: 'user',
  paths: ['/project'],
  tags: [],
  programVersion: 'test',
}

const someTime = 1_700_000_000_123_456_789n

/** A node with attributes of no interest. */
export const testNode = (name: string, type: TreeNode['type'], more: Partial<TreeNode> = {}): TreeNode => ({
  name: Buffer.from(name),
  type,
  mode: type === 'dir' ? 0o755 : 0o644,
  mtime: someTime,
  atime: someTime,
  ctime: someTime,
  uid: 1000,
  gid: 1000,
  user: 'user',
  group: 'users',
  inode: 0n,
  deviceId: 0n,
  links: type === 'dir' ? 0 : 1,
  size: 0n,
  content: type === 'file' ? [] : null,
  ...more,
})

/** What a small point consists of: folders and files by name; a file is the list of its blobs. */
export interface TestFolder {
  readonly [name: string]: TestFolder | readonly Buffer[]
}

/** The blobs of a folder and all below it, the folder's own tree last. */
export function folderBlobs(folder: TestFolder): { readonly blobs: readonly TestBlob[]; readonly tree: string } {
  const blobs: TestBlob[] = []
  const nodes = Object.entries(folder).map(([name, content]) => {
    if (isFile(content)) {
      blobs.push(...content.map(plain => ({ type: 'data' as const, plain })))
      const size = BigInt(content.reduce((sum, plain) => sum + plain.length, 0))
      return testNode(name, 'file', { content: content.map(idOf), size })
    }
    const below = folderBlobs(content)
    blobs.push(...below.blobs)
    return testNode(name, 'dir', { subtree: below.tree })
  })
  const tree = encodeTree(nodes)
  return { blobs: [...blobs, { type: 'tree', plain: tree }], tree: idOf(tree) }
}

const isFile = (content: TestFolder | readonly Buffer[]): content is readonly Buffer[] => Array.isArray(content)

/** Stores a point in one pack of data, one of trees, one index file and one snapshot file, and returns their names. */
export async function storePoint(repository: Repository, folder: TestFolder, details: Partial<SnapshotDetails> = {}) {
  const { blobs, tree } = folderBlobs(folder)
  const dataPack = await storePack(
    repository,
    blobs.filter(({ type }) => type === 'data'),
  )
  const treePack = await storePack(
    repository,
    blobs.filter(({ type }) => type === 'tree'),
  )
  const index = await storeIndex(repository, [dataPack, treePack])
  const snapshot = await storeSnapshot(repository, tree, details)
  return { dataPack, treePack, index, snapshot, tree }
}
