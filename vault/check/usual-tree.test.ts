import { describe, expect, it } from 'vitest'
import { nodeFlaw } from '../files/blob-reader.ts'
import { idOf } from '../format/id.ts'
import type { TreeNode } from '../format/node.ts'
import { compareNames, encodeTree, parseTree } from '../format/tree.ts'
import { BlobIndex } from '../blob-index.ts'
import { testRepository } from '../testing/test-repository.ts'
import { CheckState } from './check-state.ts'
import { Findings } from './findings.ts'
import { foldersOfUsual } from './usual-tree.ts'

const [small, large, spoiled] = ['small', 'large', 'spoiled'].map(text => idOf(Buffer.from(text))) as [
  string,
  string,
  string,
]
const index = new BlobIndex()
index.addPack('p'.repeat(64), [
  { id: small, type: 'data', offset: 0, length: 42, uncompressedLength: 0 },
  { id: large, type: 'data', offset: 42, length: 100, uncompressedLength: 5000 },
  { id: spoiled, type: 'data', offset: 142, length: 33, uncompressedLength: 0 },
])
const state = new CheckState(await testRepository(), {}, index, new Findings())
state.spoil(index.entryOf('data', spoiled)!, 0)

const time = BigInt(Date.UTC(2024, 11, 31, 23, 59, 59)) * 1_000_000n + 123_456_789n
const node = (name: string, more: Partial<TreeNode>): TreeNode => ({
  ...{
    name: Buffer.from(name),
    type: 'file',
    mode: 0o644,
    mtime: time,
    atime: time + 1n,
    ctime: 0n,
    uid: 1000,
    gid: 0,
  },
  ...{ user: 'me', group: '', inode: 12n, deviceId: 64n, links: 1, size: 0n, content: null },
  ...more,
})
const file = (name: string, content: string[], size: number) => node(name, { content, size: BigInt(size) })
const folder = (name: string) => node(name, { type: 'dir', mode: 0o755, subtree: idOf(Buffer.from(name)) })
const usual = [
  file('a', [], 0),
  file('b.txt', [small, large, small], 5020),
  folder('c'),
  node('d', {
    type: 'symlink',
    linkTarget: Buffer.from('../x'),
    xattrs: [{ name: 'user.a', value: Buffer.from('1') }],
  }),
  { ...file('e', [small], 10), links: 3 },
  folder('f'),
]
const folders = (nodes: readonly TreeNode[]) => foldersOfUsual(state, encodeTree(nodes))
const text = encodeTree(usual).toString()

/** What is wrong with a list, as an examination of its entries would see it. */
function isFaulty(document: Buffer): boolean {
  const nodes = parseTree(document)
  const unsorted = nodes.some((entry, i) => i > 0 && compareNames(nodes[i - 1]!, entry) >= 0)
  return unsorted || nodes.some((entry, i) => nodeFlaw(entry, nodes[i - 1]) !== undefined || isFaultyEntry(entry))
}

function isFaultyEntry({ type, content, size, links, inode }: TreeNode): boolean {
  if (type !== 'file') return type === 'irregular'
  const entries = content!.map(id => index.entryOf('data', id))
  if ((links > 1 && inode === 0n) || entries.some(entry => entry === undefined || !state.isGood(entry))) return true
  return BigInt(entries.reduce<number>((sum, entry) => sum + index.plainLengthOf(entry!), 0)) !== size
}

describe('a folder list as text', () => {
  it('gives the folders in it where all is as usual', () => {
    expect(folders(usual)?.map(({ name, tree }) => [Buffer.from(name).toString(), tree])).toEqual([
      ['c', idOf(Buffer.from('c'))],
      ['f', idOf(Buffer.from('f'))],
    ])
    expect(folders([])).toEqual([])
  })

  it.each([
    ['a blob that is not there', [file('a', [idOf(Buffer.from('none'))], 0)]],
    ['a blob that is not good', [file('a', [spoiled], 1)]],
    ['another size', [file('a', [small], 11)]],
    ['several links and no inode', [{ ...file('a', [], 0), inode: 0n, links: 2 }]],
    ['a name with other characters', [file('ä', [], 0)]],
    ['a type that is rare', [node('a', { type: 'fifo' })]],
    ['an error', [{ ...file('a', [], 0), error: 'unreadable' }]],
  ])('is left to be examined with %s', (_, nodes) => {
    // What claims several links without an inode is not written by us.
    const document = encodeTree(nodes).toString().replace('"links":1', `"links":${nodes[0]!.links}`)
    expect(foldersOfUsual(state, Buffer.from(document))).toBeUndefined()
  })

  it.each([
    ['entries out of order', text.replace('"name":"b.txt"', '"name":"g"')],
    ['two of one name', text.replace('"name":"b.txt"', '"name":"a"')],
    ['a name that leads elsewhere', text.replace('"name":"a"', '"name":".."')],
    ['a slash in a name', text.replace('"name":"b.txt"', '"name":"b/txt"')],
    ['a link without a target', text.replace('"linktarget":"../x",', '')],
    ['a day that is none', text.replaceAll('2024-12-31', '2023-02-29')],
    ['other fields', text.replace('"uid":1000', '"uid":1000,"more":1')],
    ['space between', text.replace('[{', '[ {')],
    ['more behind it', `${text}{}`],
  ])('is left to be examined with %s', (_, document) => {
    expect(foldersOfUsual(state, Buffer.from(document))).toBeUndefined()
  })

  it('has nothing to find where it passes, whatever was changed in it', () => {
    let passed = 0
    for (let at = 0; at < text.length; at++)
      for (const change of ['', '0', '9', '"', ',', '}', ']', 'a', 'F', '.', '/', '\\', '\0', '\n', '\xff']) {
        const document = Buffer.from(text.slice(0, at) + change + text.slice(at + 1), 'latin1')
        if (!foldersOfUsual(state, document)) continue
        passed++
        expect(isFaulty(document), document.toString()).toBe(false)
      }
    expect(passed).toBeGreaterThan(100)
  })
})
