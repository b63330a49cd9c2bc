import { VaultError } from '../errors.ts'
import { isUtf8 } from 'node:buffer'
import { encodeGoBytes, encodeGoString } from './go-string.ts'
import { goMode } from './mode.ts'
import { quoteName } from './name.ts'
import type { ExtendedAttribute, TreeNode } from './node.ts'
import { formatTime, localZone, type Zone } from './time.ts'

/**
 * One entry of a tree as JSON, byte for byte as restic 0.18 writes it. Refuses with bad-input what restic would take
 * for damage: names that are no base names, files without a content list, folders without a tree.
 */
export function encodeNode(node: TreeNode, zone: Zone = localZone): string {
  return (
    encodeHead(node, zone) +
    encodeContent(node) +
    (node.type === 'dir' ? `,"subtree":"${node.subtree}"` : '') +
    (node.error ? `,"error":${encodeGoString(node.error)}` : '') +
    '}'
  )
}

/** A name as the JSON of a node has it, with quotes. */
export const nodeName = (name: Uint8Array): string => encodeGoString(quoteName(name))

/** The part of `encodeNode` that precedes the content: all that can be known of a file without reading it. */
export function encodeHead(node: TreeNode, zone: Zone = localZone): string {
  assertWritable(node)
  const mtime = formatTime(node.mtime, zone)
  const atime = node.atime === node.mtime ? mtime : formatTime(node.atime, zone)
  const ctime = node.ctime === node.mtime ? mtime : formatTime(node.ctime, zone)
  const mode = goMode(node.type, node.mode)
  return (
    `{"name":${nodeName(node.name)},"type":"${node.type}"` +
    (mode ? `,"mode":${mode}` : '') +
    `,"mtime":"${mtime}","atime":"${atime}","ctime":"${ctime}","uid":${node.uid},"gid":${node.gid}` +
    (node.user ? `,"user":${encodeGoString(node.user)}` : '') +
    (node.group ? `,"group":${encodeGoString(node.group)}` : '') +
    encodeIdentity(node) +
    encodeLink(node.linkTarget) +
    encodeXattrs(node.xattrs) +
    encodeGeneric(node.genericAttributes) +
    (node.device ? `,"device":${node.device}` : '') +
    ',"content":'
  )
}

function assertWritable({ name, type, content, subtree }: TreeNode): void {
  const isBaseName = name.length > 0 && !name.includes(0x2f) && !name.includes(0) && !isDots(name)
  if (!isBaseName) throw new VaultError('bad-input', `'${Buffer.from(name).toString()}' cannot be the name of an entry`)
  if (type === 'file' && !content) throw new VaultError('bad-input', 'a file needs a list of contents')
  if (type === 'dir' && !subtree) throw new VaultError('bad-input', 'a folder needs a tree')
}

const isDots = (name: Uint8Array): boolean => name.length <= 2 && name.every(byte => byte === 0x2e)

function encodeIdentity({ inode, deviceId, size, links }: TreeNode): string {
  // restic hard-links all files of equal inode and device that claim several links, also where both are unknown: that
  // would mix different files. So several links are claimed only together with a real identity.
  const claimed = links > 1 && (inode === 0n || deviceId === 0n) ? 1 : links
  return (
    (inode ? `,"inode":${inode}` : '') +
    (deviceId ? `,"device_id":${deviceId}` : '') +
    (size ? `,"size":${size}` : '') +
    (claimed ? `,"links":${claimed}` : '')
  )
}

function encodeLink(target: Uint8Array | undefined): string {
  if (!target?.length) return ''
  const raw = isUtf8(target) ? '' : `,"linktarget_raw":"${base64(target)}"`
  return `,"linktarget":${encodeGoBytes(target)}${raw}`
}

function encodeXattrs(xattrs: readonly ExtendedAttribute[] | undefined): string {
  if (!xattrs?.length) return ''
  const items = xattrs.map(({ name, value }) => `{"name":${encodeGoString(name)},"value":"${base64(value)}"}`)
  return `,"extended_attributes":[${items.join()}]`
}

function encodeGeneric(attributes: Readonly<Record<string, unknown>> | undefined): string {
  const keys = Object.keys(attributes ?? {}).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (!keys.length) return ''
  const items = keys.map(key => `${encodeGoString(key)}:${escapeHtml(JSON.stringify(attributes![key]))}`)
  return `,"generic_attributes":{${items.join()}}`
}

/** In JSON text these five characters can stand in strings only. */
const escapeHtml = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

const encodeContent = ({ type, content }: TreeNode): string =>
  type !== 'file' ? 'null' : content!.length ? `["${content!.join('","')}"]` : '[]'

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
