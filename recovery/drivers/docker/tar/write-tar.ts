import { inLargePieces } from './pieces.ts'
import { encodeHeader, nameLength, octalFits, ownerLength } from './header.ts'
import { encodePax, encodePaxTime } from './pax.ts'
import { xattrPrefix } from './entry.ts'
import { RecoveryError } from '../../../domain/errors.ts'
import type { FileEntry } from '../../../domain/file-entry.ts'
import type { TarHeader } from './header.ts'

/**
 * A POSIX tar stream of the entries, ended by its two zero blocks. Rejects when a file gives other than `size` bytes, or
 * an entry cannot be written truly: a reader then sees an archive that breaks off, never one that looks whole.
 */
export const writeTar = (entries: AsyncIterable<FileEntry> | Iterable<FileEntry>): AsyncGenerator<Uint8Array> =>
  inLargePieces(tarPieces(entries))

async function* tarPieces(entries: AsyncIterable<FileEntry> | Iterable<FileEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    const header = headerOf(entry)
    const extended = extensionOf(entry, header)
    if (extended.size > 0) yield* extendedHeader(encodePax(extended))
    yield encodeHeader(header)
    if (entry.type === 'file') yield* content(entry)
  }
  yield new Uint8Array(1024)
}

const typeFlags: Readonly<Record<FileEntry['type'], string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  chardev: '3',
  blockdev: '4',
  dir: '5',
  fifo: '6',
}

const nanoseconds = 1_000_000_000n
const none = new Uint8Array(0)

const headerOf = (entry: FileEntry): TarHeader => ({
  name: nameOf(entry),
  mode: BigInt(entry.mode & 0o7777),
  uid: BigInt(entry.uid),
  gid: BigInt(entry.gid),
  size: entry.type === 'file' ? entry.size : 0n,
  mtime: entry.mtime / nanoseconds,
  type: typeFlags[entry.type],
  linkName: entry.linkTarget ?? none,
  user: Buffer.from(entry.user),
  group: Buffer.from(entry.group),
  major: BigInt(entry.device?.major ?? 0),
  minor: BigInt(entry.device?.minor ?? 0),
})

/** Folders end in a slash; the top folder is './'. */
function nameOf({ path, type }: FileEntry): Uint8Array {
  if (path.includes(0)) throw unwritable('a path holds a zero byte')
  const name = path.length === 0 ? Buffer.from('.') : path
  return type === 'dir' ? Buffer.concat([name, Buffer.from('/')]) : name
}

const unwritable = (why: string) => new RecoveryError('restore-failed', `the archive cannot be written: ${why}`)

/** What the header cannot say. */
function extensionOf(entry: FileEntry, header: TarHeader): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>()
  const put = (key: string, value: Uint8Array, needed: boolean) => needed && records.set(key, value)
  put('path', header.name, header.name.length > nameLength)
  put('linkpath', header.linkName, header.linkName.length > nameLength)
  // Readers that take extended names for UTF-8 are told otherwise.
  if (records.size > 0 && ![...records.values()].every(isUtf8)) records.set('hdrcharset', Buffer.from('BINARY'))
  put('uid', decimal(header.uid), !octalFits.id(header.uid))
  put('gid', decimal(header.gid), !octalFits.id(header.gid))
  put('size', decimal(header.size), !octalFits.size(header.size))
  put(
    'mtime',
    encodePaxTime(entry.mtime),
    entry.mtime < 0n || entry.mtime % nanoseconds !== 0n || !octalFits.size(header.mtime),
  )
  put('uname', header.user, header.user.length >= ownerLength)
  put('gname', header.group, header.group.length >= ownerLength)
  for (const { name, value } of entry.xattrs ?? []) records.set(xattrKey(name), value)
  return records
}

const decimal = (value: bigint): Uint8Array => Buffer.from(value.toString())

const isUtf8 = (bytes: Uint8Array): boolean => Buffer.from(Buffer.from(bytes).toString('utf8')).equals(bytes)

function xattrKey(name: string): string {
  if (/[=\0]/.test(name)) throw unwritable(`the attribute ${JSON.stringify(name)} has no tar spelling`)
  return xattrPrefix + name
}

function* extendedHeader(records: Uint8Array): Generator<Uint8Array> {
  const [owner, number] = [none, 0n]
  yield encodeHeader({
    ...{ name: Buffer.from('PaxHeaders/entry'), mode: 0o644n, uid: number, gid: number, mtime: number },
    ...{ size: BigInt(records.length), type: 'x', linkName: none, user: owner, group: owner, major: 0n, minor: 0n },
  })
  yield records
  yield padding(BigInt(records.length))
}

async function* content(entry: FileEntry): AsyncGenerator<Uint8Array> {
  let written = 0n
  for await (const piece of entry.bytes ?? []) {
    written += BigInt(piece.length)
    if (written > entry.size) break
    yield piece
  }
  if (written !== entry.size)
    throw unwritable(`${JSON.stringify(Buffer.from(entry.path).toString())} did not give its ${entry.size} bytes`)
  yield padding(entry.size)
}

const padding = (size: bigint): Uint8Array => new Uint8Array(Number((512n - (size % 512n)) % 512n))
