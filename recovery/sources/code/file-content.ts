import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import { onDisk, readable, toBytes } from '../byte-path.ts'
import type { BytePath } from '../byte-path.ts'
import { unreadable } from './unreadable.ts'

// What something in a work tree is, in one word and a SHA-256 over what it holds: what git would tell apart, that is
// type, executable bit and content. 'absent' when it is not there.

export const contentOfLink = (target: Uint8Array): string => `link:${sha256(target)}`

export const contentOfFile = (mode: bigint, digest: string) =>
  `${(mode & 0o100n) === 0n ? 'file' : 'program'}:${digest}`

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** What every entry has, whatever its type. */
export const metadata = (path: BytePath, stats: BigIntStats) => ({
  path: toBytes(path),
  mode: Number(stats.mode & 0o7777n),
  uid: Number(stats.uid),
  gid: Number(stats.gid),
  user: '',
  group: '',
  mtime: stats.mtimeNs,
})

/** What was handed out of a file once it has been read. */
export interface ReadContent {
  readonly content: string
  /** Written to in the meantime. */
  readonly changed: boolean
}

/** The entry of a file, open while it is in use. `onRead` is told when all of it has been handed out. */
export async function* withFile(
  root: string,
  path: BytePath,
  onRead: (read: ReadContent) => void,
): AsyncGenerator<FileEntry, void, undefined> {
  const handle = await openFile(onDisk(root, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw unreadable(path, error)
  })
  if (!handle) return
  try {
    const stats = await handle.stat({ bigint: true })
    const bytes = readWhole(handle, stats, path, onRead)
    // Nobody need ask for the bytes of an empty file.
    if (stats.size === 0n) onRead({ content: contentOfFile(stats.mode, sha256(Buffer.alloc(0))), changed: false })
    yield { ...metadata(path, stats), type: 'file', size: stats.size, bytes }
  } finally {
    await handle.close()
  }
}

// Never through a link that took the file's place, never waiting for the other end of a pipe.
const openFile = (path: Buffer) => fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)

/** Exactly as many bytes as the file had when it was opened. */
async function* readWhole(
  handle: FileHandle,
  stats: BigIntStats,
  path: BytePath,
  onRead: (read: ReadContent) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha256')
  for await (const piece of pieces(handle, stats.size, path)) {
    hash.update(piece)
    yield piece
  }
  const after = await handle.stat({ bigint: true })
  const changed = after.mtimeNs !== stats.mtimeNs || after.size !== stats.size
  onRead({ content: contentOfFile(stats.mode, hash.digest('hex')), changed })
}

const pieceBytes = 1 << 20

async function* pieces(handle: FileHandle, size: bigint, path: BytePath): AsyncGenerator<Buffer, void, undefined> {
  for (let left = size; left > 0n;) {
    const length = left < BigInt(pieceBytes) ? Number(left) : pieceBytes
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    if (bytesRead === 0) throw becameShorter(path)
    left -= BigInt(bytesRead)
    yield buffer.subarray(0, bytesRead)
  }
}

const becameShorter = (path: BytePath) =>
  new RecoveryError('capture-failed', `${readable(path)} became shorter while it was read`, {
    hint: 'run the backup again; if the file is written all the time, let git ignore it',
  })

/** What lies at the path now. Does not follow links. */
export async function contentOnDisk(root: string, path: BytePath): Promise<string> {
  const place = onDisk(root, path)
  try {
    const stats = await fs.lstat(place, { bigint: true })
    if (stats.isDirectory()) return 'folder'
    if (stats.isSymbolicLink()) return contentOfLink(await fs.readlink(place, 'buffer'))
    return stats.isFile() ? await contentOfFileAt(root, path) : 'other'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
    throw error
  }
}

async function contentOfFileAt(root: string, path: BytePath): Promise<string> {
  let content = 'absent'
  for await (const entry of withFile(root, path, read => (content = read.content)))
    for await (const piece of entry.bytes!) void piece
  return content
}
