import { groupName, userName } from '../files/posix.ts'
import type { NodeMetadata, NodeType } from '../format/node.ts'

/** Metadata of what is on no file system: owned by this process, as old as `time` (milliseconds since 1970). */
export function virtualMetadata(type: NodeType, mode: number, time: number): NodeMetadata {
  const ns = BigInt(time) * 1_000_000n
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const owner = { uid, gid, user: userName(uid), group: groupName(gid) }
  return { type, mode, mtime: ns, atime: ns, ctime: ns, ...owner, inode: 0n, deviceId: 0n, links: 0 }
}

/** A folder that is there because something in it is. */
export const virtualFolder = (time: number): NodeMetadata => virtualMetadata('dir', 0o700, time)
