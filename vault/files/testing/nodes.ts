import type { TreeNode } from '../../format/node.ts'
import type { MemoryPoint } from './memory-point.ts'

/** A plain file's node, with what a test is about put in. */
export const aNode = (given: Partial<TreeNode> & Pick<TreeNode, 'name'>): TreeNode => ({
  type: 'file',
  mode: 0o600,
  mtime: 0n,
  atime: 0n,
  ctime: 0n,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  links: 0,
  size: 0n,
  content: [],
  ...given,
})

/** A folder with these files; returns its tree. */
export function saveFiles(point: MemoryPoint, files: Readonly<Record<string, Buffer>>): string {
  const nodes = Object.entries(files).map(([name, bytes]) =>
    aNode({ name: Buffer.from(name), size: BigInt(bytes.length), content: point.saveContent(bytes) }),
  )
  return point.saveNodes(nodes)
}
