/** One thing in a folder, as it travels between a container engine, a source and a point. */
export interface FileEntry {
  /** Raw bytes, relative, '/'-separated, no leading or trailing slash; empty for the top folder itself. */
  readonly path: Uint8Array
  readonly type: 'file' | 'dir' | 'symlink' | 'fifo' | 'chardev' | 'blockdev' | 'hardlink'
  /** The 12 low bits of st_mode. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  /** Nanoseconds since 1970. */
  readonly mtime: bigint
  /** Files: exactly this many bytes follow. */
  readonly size: bigint
  /** Symlinks: the target. Hard links: the path of the entry that came before. */
  readonly linkTarget?: Uint8Array
  readonly xattrs?: readonly { readonly name: string; readonly value: Uint8Array }[]
  /** Devices: major and minor number. */
  readonly device?: { readonly major: number; readonly minor: number }
  /** Files: must be consumed, or returned, before the next entry is asked for. */
  readonly bytes?: AsyncIterable<Uint8Array>
}
