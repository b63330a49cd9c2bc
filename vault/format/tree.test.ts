import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idOf } from './id.ts'
import { encodeNode } from './node-encode.ts'
import type { TreeNode } from './node.ts'
import { anyNode } from './testing/arbitraries.ts'
import { compareNames, encodeTree, parseTree } from './tree.ts'

const berlin = (instant: number): number => (new Date(instant).getUTCMonth() === 6 ? 120 : 60)
const damage = expect.objectContaining({ code: 'vault-damaged' })
const refused = expect.objectContaining({ code: 'bad-input' })
const parseOne = (json: string): TreeNode => parseTree(Buffer.from(`{"nodes":[${json}]}\n`))[0]!

/** Written by restic 0.18.0 in the zone Europe/Berlin. */
const written = [
  String.raw`{"name":"badlink","type":"symlink","mode":134218239,"mtime":"2026-11-23T12:57:52.533354494+01:00","atime":"2026-11-23T12:57:52.533354494+01:00","ctime":"2026-11-23T12:57:52.533354494+01:00","uid":0,"gid":0,"user":"root","group":"root","inode":2162720,"device_id":65024,"links":1,"linktarget":"no\ufffd\ufffdsuch\b\f\u003c\u0026\u003e","linktarget_raw":"bm///nN1Y2gIDDwmPg==","content":null}`,
  String.raw`{"name":"chr","type":"chardev","mode":69206400,"mtime":"2026-11-23T12:57:52.533437928+01:00","atime":"2026-11-23T12:57:52.533437928+01:00","ctime":"2026-11-23T12:57:52.533437928+01:00","uid":0,"gid":0,"user":"root","group":"root","inode":2162724,"device_id":65024,"links":1,"device":1283,"content":null}`,
  String.raw`{"name":"empty","type":"file","mode":420,"mtime":"2026-11-23T12:57:52.53224821+01:00","atime":"2026-11-23T12:57:52.53224821+01:00","ctime":"2026-11-23T12:57:52.532302601+01:00","uid":0,"gid":0,"user":"root","group":"root","inode":2162700,"device_id":65024,"links":1,"content":[]}`,
  String.raw`{"name":"a_dir","type":"dir","mode":2147484141,"mtime":"2026-11-23T12:57:52.532926207+01:00","atime":"2026-11-23T12:57:52.532926207+01:00","ctime":"2026-11-23T12:57:52.533601952+01:00","uid":0,"gid":0,"user":"root","group":"root","inode":2170905,"device_id":65024,"extended_attributes":[{"name":"user.dirattr","value":"ZA=="}],"content":null,"subtree":"f10702b2fb0e77dec65dede09249c8cc505deb8ed3289acb039c49fde2013052"}`,
]

describe('an entry of a tree', () => {
  it.each(written)('is written with the bytes that restic writes: %s', json =>
    expect(encodeNode(parseOne(json), berlin)).toBe(json),
  )

  it('comes back with everything it had', () => {
    fc.assert(
      fc.property(anyNode, node => {
        expect(parseOne(encodeNode(node))).toEqual({ ...node, name: Buffer.from(node.name) })
      }),
      { numRuns: 500 },
    )
  })

  it('keeps attributes of Windows, their numbers as they were', () => {
    const generic = String.raw`"generic_attributes":{"windows.creation_time":{"LowDateTime":18446744073709551615,"HighDateTime":1e3},"windows.security_descriptor":"A\u003c"}`
    const json = written[2]!.replace('"content"', `${generic},"content"`)
    expect(encodeNode(parseOne(json), berlin)).toBe(json)
  })

  it('claims several links only with a real inode and device', () => {
    const node = { ...parseOne(written[2]!), links: 3 }
    expect(encodeNode(node)).toContain('"links":3')
    expect(encodeNode({ ...node, inode: 0n })).toContain('"links":1')
    expect(encodeNode({ ...node, deviceId: 0n })).toContain('"links":1')
  })

  it.each(['', '.', '..', 'a/b', '/', 'a\0b'])("cannot be written with the name '%s'", name => {
    expect(() => encodeNode({ ...parseOne(written[2]!), name: Buffer.from(name) })).toThrow(refused)
  })

  it('cannot be written without its content', () => {
    expect(() => encodeNode({ ...parseOne(written[2]!), content: null })).toThrow(refused)
    expect(() => encodeNode({ ...parseOne(written[2]!), type: 'dir' })).toThrow(refused)
  })

  it('may have dots, two of them too, in a longer name', () => {
    for (const name of ['...', '.a', 'a.', '..a'])
      expect(parseOne(encodeNode({ ...parseOne(written[2]!), name: Buffer.from(name) })).name.toString()).toBe(name)
  })

  it('of a type that nobody knows is irregular, and its neighbours can be read', () => {
    const nodes = parseTree(Buffer.from(`{"nodes":[{"name":"a","type":"door"},${written[2]}]}`))
    expect(nodes.map(({ type }) => type)).toEqual(['irregular', 'file'])
  })

  it.each([
    '{"name":"a\\\\q"}',
    '{"name":1}',
    '{"inode":1e3}',
    '{"mtime":"now"}',
    '{"content":["x"]}',
    '{"content":"x"}',
    '{"subtree":"ab"}',
    '[]',
    'null',
  ])('such as %s makes the tree unreadable, as in restic', json => expect(() => parseOne(json)).toThrow(damage))
})

describe('a tree', () => {
  it('without entries is the one that restic has', () => {
    expect(encodeTree([]).toString()).toBe('{"nodes":[]}\n')
    expect(idOf(encodeTree([]))).toBe('ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8')
    expect(idOf(Buffer.from('{"nodes":null}\n'))).toBe(
      'bfc2fdb527b0c9f66bbb8d4ff1c44023cc2414efcc7f0831c10debab06bb4388',
    )
  })

  it.each(['{"nodes":[]}', '{"nodes":null}', '{}', '{"x":[1],"nodes":[],"y":{}}', ' {\n"nodes" : [ ] } '])(
    'is empty in %s',
    json => {
      expect(parseTree(Buffer.from(json))).toEqual([])
    },
  )

  it('is sorted by the bytes of the names, not by characters or the way they are quoted', () => {
    const names = ['a-b', 'a.b', 'a_dir', 'aä', 'a\uffee', 'a😀', 'a\x01', 'A']
    const nodes = names.map(name => ({ ...parseOne(written[2]!), name: Buffer.from(name) }))
    const sorted = parseTree(encodeTree(nodes)).map(node => node.name.toString())
    expect(sorted).toEqual(['A', 'a\x01', 'a-b', 'a.b', 'a_dir', 'aä', 'a\uffee', 'a😀'])
  })

  it('has the same bytes in whatever order its entries are given', () => {
    const distinct = fc.uniqueArray(anyNode, { comparator: (a, b) => compareNames(a, b) === 0, maxLength: 8 })
    fc.assert(
      fc.property(distinct, nodes => {
        const bytes = encodeTree(nodes)
        expect(encodeTree(nodes.toReversed())).toEqual(bytes)
        expect(encodeTree(parseTree(bytes))).toEqual(bytes)
      }),
    )
  })

  it('that is too large for a string is read piece by piece, the same', () => {
    const distinct = fc.uniqueArray(anyNode, { comparator: (a, b) => compareNames(a, b) === 0, maxLength: 8 })
    fc.assert(
      fc.property(distinct, fc.nat(2000), (nodes, pieceBytes) => {
        const bytes = encodeTree(nodes)
        expect(parseTree(bytes, pieceBytes)).toEqual(parseTree(bytes))
      }),
    )
  })

  it.each([
    '{"nodes":[{},]}',
    '{"nodes":[{}',
    '{"nodes":[{}]',
    '{"nodes":[,{}]}',
    '{"nodes":[{}]]}',
    '{"nodes":["a]}',
    '{"nodes":[{"x":1}}]}',
    '[{}]',
    '',
  ])('that is too large for a string and broken, as in %s, is refused', json =>
    expect(() => parseTree(Buffer.from(json), 0)).toThrow(expect.objectContaining({ name: 'VaultError' })),
  )

  it('cannot have two entries of one name', () => {
    const node = parseOne(written[2]!)
    expect(() => encodeTree([node, { ...node, size: 1n }])).toThrow(refused)
  })
})
