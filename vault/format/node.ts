/** The kinds of thing a tree can hold, in restic's spelling (`dev` is a block device). */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular'

/** Nanoseconds since 1970-01-01T00:00:00Z; negative before it. */
export type Nanoseconds = bigint

export interface ExtendedAttribute {
  readonly name: string
  readonly value: Uint8Array
}

/** Everything about an entry of a directory except its name, its content and its place. */
export interface NodeMetadata {
  readonly type: NodeType
  /** The 12 low bits of st_mode: permissions, setuid 0o4000, setgid 0o2000, sticky 0o1000. Never Go's form: encodeTree makes that. */
  readonly mode: number
  readonly mtime: Nanoseconds
  readonly atime: Nanoseconds
  readonly ctime: Nanoseconds
  readonly uid: number
  readonly gid: number
  /** Names on the source host; empty when unknown. */
  readonly user: string
  readonly group: string
  /** 0n when unknown. */
  readonly inode: bigint
  readonly deviceId: bigint
  /** Number of hard links; above 1 only together with a real inode and device id. 0 when not recorded. */
  readonly links: number
  /** Symlinks: the target's raw bytes. */
  readonly linkTarget?: Uint8Array
  readonly xattrs?: readonly ExtendedAttribute[]
  /** restic's generic_attributes, kept as raw JSON values. */
  readonly genericAttributes?: Readonly<Record<string, unknown>>
  /** Device files: st_rdev, the kernel's 64-bit form. */
  readonly device?: bigint
  /** An error restic recorded while it read the entry. */
  readonly error?: string
}

/** One entry of a tree. Blob ids are 64 lower-case hex digits. */
export interface TreeNode extends NodeMetadata {
  /** The base name's raw bytes. */
  readonly name: Uint8Array
  /** Files: length in bytes. 0 for everything else. */
  readonly size: bigint
  /** Files: the data blobs in order ([] when empty). null for everything else. */
  readonly content: readonly string[] | null
  /** Directories: the tree blob. */
  readonly subtree?: string
}
