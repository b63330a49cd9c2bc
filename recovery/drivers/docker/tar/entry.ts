import { damaged } from './damage.ts'
import { parsePaxNumber, parsePaxTime } from './pax.ts'
import { plainPath } from './paths.ts'
import type { FileEntry } from '../../../domain/file-entry.ts'
import type { TarHeader } from './header.ts'
import type { PaxRecords } from './pax.ts'

/** What extended headers said about the entry that follows. */
export interface Extension {
  readonly pax: PaxRecords
  /** GNU's L and K entries. */
  readonly longName?: Uint8Array
  readonly longLink?: Uint8Array
}

const types: Readonly<Record<string, FileEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'chardev',
  '4': 'blockdev',
  '5': 'dir',
  '6': 'fifo',
  '7': 'file',
}

/** The entry that a header and its extension stand for, without its bytes. */
export function entryOf(header: TarHeader, extension: Extension): Omit<FileEntry, 'bytes'> {
  const { pax } = extension
  const rawPath = given(pax, 'path') ?? extension.longName ?? header.name
  const type = typeOf(header.type, rawPath, pax)
  const number = (key: string, value: bigint) => numberOf(given(pax, key)) ?? value
  const time = given(pax, 'mtime')
  return {
    path: plainPath(withoutNul(rawPath)),
    type,
    mode: Number(header.mode & 0o7777n),
    uid: Number(number('uid', header.uid)),
    gid: Number(number('gid', header.gid)),
    user: ownerName(given(pax, 'uname') ?? header.user),
    group: ownerName(given(pax, 'gname') ?? header.group),
    mtime: time ? parsePaxTime(time) : header.mtime * 1_000_000_000n,
    // Links, folders and devices have no bytes, whatever their size says.
    size: type === 'file' ? sizeOf(number('size', header.size)) : 0n,
    ...linkOf(type, given(pax, 'linkpath') ?? extension.longLink ?? header.linkName),
    ...xattrsOf(pax),
    ...(type === 'chardev' || type === 'blockdev'
      ? { device: { major: Number(header.major), minor: Number(header.minor) } }
      : {}),
  }
}

function typeOf(flag: string, path: Uint8Array, pax: PaxRecords): FileEntry['type'] {
  if (flag === 'S' || [...pax.keys()].some(key => key.startsWith('GNU.sparse.')))
    throw damaged('holds a sparse file in a form that cannot be read')
  const type = types[flag]
  if (!type) throw damaged(`holds an entry of the unknown kind ${JSON.stringify(flag)}`)
  // Before folders had a kind of their own, a slash told them.
  return type === 'file' && flag !== '7' && path.at(-1) === 0x2f ? 'dir' : type
}

/** An empty value takes a record back. */
const given = (pax: PaxRecords, key: string): Uint8Array | undefined => {
  const value = pax.get(key)
  return value && value.length > 0 ? value : undefined
}

const numberOf = (value: Uint8Array | undefined): bigint | undefined => value && parsePaxNumber(value)

function sizeOf(size: bigint): bigint {
  if (size < 0n) throw damaged('is damaged: a file has a negative size')
  return size
}

function withoutNul(path: Uint8Array): Uint8Array {
  if (path.includes(0)) throw damaged('is damaged: a path holds a zero byte')
  return path
}

function linkOf(type: FileEntry['type'], target: Uint8Array): { linkTarget?: Uint8Array } {
  if (type === 'symlink') return { linkTarget: withoutNul(Buffer.from(target)) }
  if (type === 'hardlink') return { linkTarget: plainPath(withoutNul(target)) }
  return {}
}

const ownerText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A name that is no text names nobody here; the number stays. */
function ownerName(bytes: Uint8Array): string {
  try {
    return ownerText.decode(bytes)
  } catch {
    return ''
  }
}

export const xattrPrefix = 'SCHILY.xattr.'

function xattrsOf(pax: PaxRecords): { xattrs?: { name: string; value: Uint8Array }[] } {
  const xattrs = [...pax]
    .filter(([key]) => key.startsWith(xattrPrefix))
    .map(([key, value]) => ({ name: key.slice(xattrPrefix.length), value: Buffer.from(value) }))
  return xattrs.length > 0 ? { xattrs } : {}
}
