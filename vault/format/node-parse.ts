import { parseId } from './id.ts'
import { JsonObject } from './json-object.ts'
import { unixMode } from './mode.ts'
import { unquoteName } from './name.ts'
import type { ExtendedAttribute, NodeType, TreeNode } from './node.ts'

const names = new Set(
  (
    'name type mode mtime atime ctime uid gid user group inode device_id size links linktarget linktarget_raw ' +
    'extended_attributes generic_attributes device content subtree error'
  ).split(' '),
)
const attributeNames = new Set(['name', 'value'])
const types: ReadonlySet<string> = new Set<NodeType>([
  'file',
  'dir',
  'symlink',
  'dev',
  'chardev',
  'fifo',
  'socket',
  'irregular',
])

/** Reads one entry of a tree. A type that nobody knows reads as `irregular`, which nothing restores and `check` reports. */
export function parseNode(value: unknown): TreeNode {
  const object = new JsonObject(value, 'an entry of a tree', names)
  const type = object.text('type')
  return {
    name: unquoteName(object.text('name')),
    type: types.has(type) ? (type as NodeType) : 'irregular',
    mode: unixMode(object.uint('mode')),
    mtime: object.time('mtime'),
    atime: object.time('atime'),
    ctime: object.time('ctime'),
    uid: object.uint('uid'),
    gid: object.uint('gid'),
    user: object.text('user'),
    group: object.text('group'),
    inode: object.bigUint('inode'),
    deviceId: object.bigUint('device_id'),
    size: object.bigUint('size'),
    links: object.count('links'),
    content: object.list('content')?.map(id => parseId(id, 'a content of a file')) ?? null,
    ...parseRarer(object),
  }
}

type Rarer = Pick<TreeNode, 'linkTarget' | 'xattrs' | 'genericAttributes' | 'device' | 'subtree' | 'error'>

function parseRarer(object: JsonObject): Rarer {
  const [target, raw, device] = [object.text('linktarget'), object.bytes('linktarget_raw'), object.bigUint('device')]
  const [xattrs, generic] = [object.list('extended_attributes'), object.raw('generic_attributes')]
  const [subtree, error] = [object.id('subtree'), object.text('error')]
  return {
    ...((target || raw.length > 0) && { linkTarget: raw.length > 0 ? raw : Buffer.from(target) }),
    ...(xattrs?.length && { xattrs: xattrs.map(parseXattr) }),
    ...(generic !== undefined && { genericAttributes: parseGeneric(generic) }),
    ...(device && { device }),
    ...(subtree && { subtree }),
    ...(error && { error }),
  }
}

function parseXattr(value: unknown): ExtendedAttribute {
  const object = new JsonObject(value, 'an extended attribute', attributeNames)
  return { name: object.text('name'), value: object.bytes('value') }
}

const noNames: ReadonlySet<string> = new Set()

function parseGeneric(value: unknown): Readonly<Record<string, unknown>> {
  new JsonObject(value, 'the generic attributes of an entry', noNames)
  return value as Readonly<Record<string, unknown>>
}
