import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TreeNode } from '../format/node.ts'
import { encodeNode } from '../format/node-encode.ts'
import { encodeTree, parseTree } from '../format/tree.ts'
import { EarlierFolder } from './earlier-folder.ts'

const nameByte = fc.integer({ min: 1, max: 255 }).filter(byte => byte !== 0x2f)
const anyName = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }).map(bytes => bytes.filter(byte => byte !== 0 && byte !== 0x2f)),
    fc.array(nameByte, { minLength: 1, maxLength: 4 }).map(bytes => Uint8Array.from(bytes)),
    fc
      .constantFrom('{"name":"', '","type":"file"', 'a\\', '\\"', ',{"name":"x","type":"')
      .map(text => Buffer.from(text)),
  )
  .filter(
    name =>
      name.length > 0 && !Buffer.from(name).equals(Buffer.from('.')) && !Buffer.from(name).equals(Buffer.from('..')),
  )
const anyXattr = fc.record({
  name: fc.constantFrom('user.a', 'user."type":"', '{"name":"'),
  value: fc.uint8Array({ maxLength: 5 }),
})

const nodeOf = (name: Uint8Array, xattrs: TreeNode['xattrs']): TreeNode => ({
  ...{ name, type: 'file', mode: 0o644, mtime: 7n, atime: 7n, ctime: 9n, uid: 1, gid: 2, user: 'u', group: '' },
  ...{ inode: 2n ** 60n + 1n, deviceId: 3n, links: 1, size: 5n, content: ['ab'.repeat(32)] },
  ...(xattrs?.length && { xattrs }),
})
const anyNodes = fc
  .uniqueArray(fc.tuple(anyName, fc.array(anyXattr, { maxLength: 2 })), {
    selector: ([name]) => Buffer.from(name).toString('hex'),
    maxLength: 8,
  })
  .map(pairs => pairs.map(([name, xattrs]) => nodeOf(name, xattrs)))

describe('a folder of an earlier point', () => {
  it('has every entry as it was saved, whatever is in names and attributes', () => {
    fc.assert(
      fc.property(anyNodes, nodes => {
        const folder = EarlierFolder.read(encodeTree(nodes), '')
        for (const node of nodes) {
          const entry = folder.entry(node.name)!
          expect(entry.text).toBe(encodeNode(node))
          expect(encodeNode(entry.node!)).toBe(encodeNode(node))
        }
        expect(folder.entry(Buffer.from('no such entry'))).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it('has the id of the list of each folder in it, and of nothing else', () => {
    const subtree = 'cd'.repeat(32)
    const nasty = { user: `","type":"dir`, group: `","subtree":"${'ef'.repeat(32)}"}` }
    const error = 'partly unread'
    fc.assert(
      fc.property(
        fc.uniqueArray(anyName, { selector: String, minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (names, odd) => {
          const nodes = names.flatMap((name, i): TreeNode[] => {
            const file = { ...nodeOf(name, []), ...(odd && nasty), name: Buffer.concat([name, Buffer.of(0x30 + i)]) }
            const folder: TreeNode = { ...file, type: 'dir', content: null, subtree, ...(odd && i % 2 && { error }) }
            return [file, { ...folder, name: Buffer.concat([file.name, Buffer.from('/').fill('d')]) }]
          })
          const folder = EarlierFolder.read(encodeTree(nodes), '')
          for (const { name, type } of nodes)
            expect(folder.entry(name)!.tree).toBe(type === 'dir' ? subtree : undefined)
        },
      ),
    )
  })

  it('is read also where it was laid out by another program', () => {
    const document = Buffer.from(` ${JSON.stringify({ nodes: [{ type: 'file', name: 'a', content: [] }] }, null, 1)}`)
    expect(EarlierFolder.read(document, '').entry(Buffer.from('a'))!.node).toEqual(parseTree(document)[0])
    const spaced = Buffer.from('{"nodes":[{"name":"a","type":"file","content":[]}, {"name":"b","type":"file"}]}')
    expect(EarlierFolder.read(spaced, '').entry(Buffer.from('a'))?.node).toBeUndefined()
  })

  it('that cannot be read is damage, and an entry that cannot be read is none', () => {
    expect(() => EarlierFolder.read(Buffer.from('{"nodes":'), '')).toThrow(
      expect.objectContaining({ code: 'vault-damaged' }),
    )
    const broken = Buffer.from('{"nodes":[{"name":"a","type":"file","mode":-7}]}\n')
    expect(EarlierFolder.read(broken, '').entry(Buffer.from('a'))!.node).toBeUndefined()
  })

  it('has no text to count on where two entries have one name', () => {
    const twin = encodeNode(nodeOf(Buffer.from('a'), undefined))
    const { texts } = EarlierFolder.read(Buffer.from(`{"nodes":[${twin},${twin}]}\n`), 'tree')
    expect(texts).not.toContain(twin)
    expect(EarlierFolder.read(Buffer.from(`{"nodes":[${twin}]}\n`), 'tree').texts).toEqual([twin])
  })
})
