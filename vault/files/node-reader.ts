import fs from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { ExtendedAttribute, NodeMetadata, NodeType } from '../format/node.ts'
import { getXattr, groupName, hasNoXattrs, listXattrs, userName } from './posix.ts'

/** What one look at a directory entry tells. */
export interface NodeReading {
  readonly metadata: NodeMetadata
  /** Bytes of a regular file at the moment of the look; 0n for everything else. */
  readonly size: bigint
}

/**
 * Reads everything about the entry at `path` but its content. A symlink is not followed. Errors are Node's (`code` ENOENT:
 * it is gone; EACCES: it may not be read). Synchronous: a call takes some microseconds.
 */
export function readNode(path: Uint8Array): NodeReading {
  const bytes = Buffer.from(path.buffer, path.byteOffset, path.byteLength)
  return readNodeFrom(fs.lstatSync(bytes, { bigint: true }), bytes)
}

/** The same of an open file, if there is nothing unusual about it: it is a regular one with one name and no attributes. */
export function readPlainFile(fd: number): NodeReading | undefined {
  const stat = fs.fstatSync(fd, { bigint: true })
  if (nodeTypeOf(stat.mode) !== 'file' || stat.nlink !== 1n || !hasNoXattrs(fd)) return undefined
  return { metadata: metadataOf('file', stat), size: stat.size }
}

/** The same where the caller has the status already, for example of the file it has open. */
export function readNodeFrom(stat: BigIntStats, path: Buffer): NodeReading {
  const type = nodeTypeOf(stat.mode)
  const attributes = readXattrs(path)
  const metadata: NodeMetadata = {
    ...metadataOf(type, stat),
    ...(type === 'symlink' && { linkTarget: fs.readlinkSync(path, { encoding: 'buffer' }) }),
    ...(attributes.xattrs.length > 0 && { xattrs: attributes.xattrs }),
    ...((type === 'dev' || type === 'chardev') && { device: stat.rdev }),
    ...(attributes.error && { error: attributes.error }),
  }
  return { metadata, size: type === 'file' ? stat.size : 0n }
}

const metadataOf = (type: NodeType, stat: BigIntStats): NodeMetadata => ({
  type,
  mode: Number(stat.mode & 0o7777n),
  mtime: stat.mtimeNs,
  // restic's choice too: an access time of its own would make every read folder a changed one.
  atime: stat.mtimeNs,
  ctime: stat.ctimeNs,
  uid: Number(stat.uid),
  gid: Number(stat.gid),
  user: userName(Number(stat.uid)),
  group: groupName(Number(stat.gid)),
  inode: stat.ino,
  deviceId: stat.dev,
  links: countsLinks.has(type) ? Number(stat.nlink) : 0,
})

// restic records the number of links for these alone; other trees would differ from its own.
const countsLinks: ReadonlySet<NodeType> = new Set<NodeType>(['file', 'symlink', 'dev', 'chardev'])

const typesByFormat: ReadonlyMap<bigint, NodeType> = new Map<bigint, NodeType>([
  [0o010000n, 'fifo'],
  [0o020000n, 'chardev'],
  [0o040000n, 'dir'],
  [0o060000n, 'dev'],
  [0o100000n, 'file'],
  [0o120000n, 'symlink'],
  [0o140000n, 'socket'],
])

/** From st_mode. */
export const nodeTypeOf = (mode: bigint): NodeType => typesByFormat.get(mode & 0o170000n) ?? 'irregular'

interface ReadXattrs {
  readonly xattrs: readonly ExtendedAttribute[]
  readonly error?: string
}

const noXattrs: ReadXattrs = { xattrs: [] }

function readXattrs(path: Buffer): ReadXattrs {
  const names = listedXattrs(path)
  if (names.length === 0) return noXattrs
  const readable = names.filter(name => Buffer.from(name.toString()).equals(name))
  const xattrs = readable.flatMap(name => readXattr(path, name))
  // The format keeps attribute names as text. What it cannot keep is at least told, here and when it is restored.
  const lost = names.length - readable.length
  return lost === 0 ? { xattrs } : { xattrs, error: `${lost} extended attributes have names that are not UTF-8` }
}

function listedXattrs(path: Buffer): Buffer[] {
  try {
    return listXattrs(path)
  } catch (error) {
    if (hasCode(error, 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return []
    throw error
  }
}

function readXattr(path: Buffer, name: Buffer): ExtendedAttribute[] {
  try {
    return [{ name: name.toString(), value: getXattr(path, name) }]
  } catch (error) {
    // Removed since it was listed.
    if (hasCode(error, 'ENODATA', 'ENOATTR')) return []
    throw error
  }
}

/** Whether `error` is a failed system call with one of these errno names. */
export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(error.code as string)
