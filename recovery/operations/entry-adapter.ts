import type { FileEntry } from '../domain/file-entry.ts'
import type { Entry, NodeMetadata } from '../../vault/index.ts'

// The kernel's 64-bit dev_t, as restic stores it.
const packDevice = ({ major, minor }: { major: number; minor: number }): bigint => {
  const [high, low] = [BigInt(major), BigInt(minor)]
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n)
}

const unpackDevice = (device: bigint): { major: number; minor: number } => ({
  major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
  minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
})

const vaultTypes = {
  file: 'file',
  dir: 'dir',
  symlink: 'symlink',
  fifo: 'fifo',
  chardev: 'chardev',
  blockdev: 'dev',
  hardlink: 'file',
} as const satisfies Record<FileEntry['type'], NodeMetadata['type']>

/** An entry of a source in the vault's words. */
export function toVaultEntry(entry: FileEntry): Entry {
  const isHardLink = entry.type === 'hardlink'
  return {
    path: entry.path,
    size: entry.size,
    metadata: {
      type: vaultTypes[entry.type],
      mode: entry.mode,
      mtime: entry.mtime,
      atime: entry.mtime,
      ctime: entry.mtime,
      uid: entry.uid,
      gid: entry.gid,
      user: entry.user,
      group: entry.group,
      inode: 0n,
      deviceId: 0n,
      links: 0,
      ...(entry.type === 'symlink' && entry.linkTarget ? { linkTarget: entry.linkTarget } : {}),
      ...(entry.xattrs ? { xattrs: entry.xattrs } : {}),
      ...(entry.device ? { device: packDevice(entry.device) } : {}),
    },
    ...(entry.bytes ? { bytes: entry.bytes } : {}),
    ...(isHardLink && entry.linkTarget ? { hardLinkTo: entry.linkTarget } : {}),
  }
}

const sourceTypes: Partial<Record<NodeMetadata['type'], FileEntry['type']>> = {
  file: 'file',
  dir: 'dir',
  symlink: 'symlink',
  fifo: 'fifo',
  chardev: 'chardev',
  dev: 'blockdev',
}

/** An entry of the vault in a source's words; undefined for what holds no data and cannot be made again (a socket). */
export function toFileEntry(entry: Entry): FileEntry | undefined {
  const type = entry.hardLinkTo ? 'hardlink' : sourceTypes[entry.metadata.type]
  if (!type) return undefined
  const { mode, uid, gid, user, group, mtime, xattrs, device } = entry.metadata
  const linkTarget = entry.hardLinkTo ?? entry.metadata.linkTarget
  return {
    path: entry.path,
    type,
    mode,
    uid,
    gid,
    user,
    group,
    mtime,
    size: entry.size,
    ...(linkTarget ? { linkTarget } : {}),
    ...(xattrs ? { xattrs } : {}),
    ...(device === undefined ? {} : { device: unpackDevice(device) }),
    ...(entry.bytes ? { bytes: entry.bytes } : {}),
  }
}

/** A stream of the one kind as the other. */
export async function* toVaultEntries(entries: AsyncIterable<FileEntry>): AsyncIterable<Entry> {
  for await (const entry of entries) yield toVaultEntry(entry)
}

/** The other way; sockets fall out. */
export async function* toFileEntries(entries: AsyncIterable<Entry>): AsyncIterable<FileEntry> {
  for await (const entry of entries) {
    const file = toFileEntry(entry)
    if (file) yield file
  }
}
