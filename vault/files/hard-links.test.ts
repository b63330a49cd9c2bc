import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { TreeNode } from '../format/node.ts'
import { HardLinks, linkKey } from './hard-links.ts'
import { aNode } from './testing/nodes.ts'

const name = (text: string, links: number) =>
  aNode({ name: Buffer.from(text), links, inode: 7n, deviceId: 1n, size: 1n, content: ['a'.repeat(64)] })

describe('the names of one file', () => {
  it('are found by inode and device, and forgotten when all have come', async () => {
    const links = new HardLinks()
    const first = links.role(name('a', 3), Buffer.from('a'))
    expect(first.kind).toBe('first')
    if (first.kind === 'first') first.made(true)
    const second = links.role(name('b', 3), Buffer.from('b'))
    expect(second).toMatchObject({ kind: 'further', path: Buffer.from('a') })
    if (second.kind === 'further') expect(await second.ready).toBe(true)
    expect(links.role(name('c', 3), Buffer.from('c')).kind).toBe('further')
    expect(links.role(name('another file with this inode', 3), Buffer.from('d')).kind).toBe('first')
  })

  it('are not joined when their content is not the same', () => {
    const links = new HardLinks()
    links.role(name('a', 2), Buffer.from('a'))
    const other = { ...name('b', 2), content: ['b'.repeat(64)] }
    expect(links.role(other, Buffer.from('b'))).toEqual({ kind: 'alone', torn: Buffer.from('a') })
  })

  it('are told apart by what a link leads to and what a device is', () => {
    const device = { ...name('a', 2), type: 'dev', size: 0n, content: null, device: 1n } as const
    const link = { ...device, type: 'symlink', device: undefined, linkTarget: Buffer.from('x') } as const
    for (const [one, other] of [
      [device, { ...device, device: 2n }],
      [link, { ...link, linkTarget: Buffer.from('y') }],
      [device, { ...device, type: 'chardev' }],
    ] as [TreeNode, TreeNode][]) {
      const links = new HardLinks()
      links.role(one, Buffer.from('a'))
      expect(links.role(other, Buffer.from('b')).kind).toBe('alone')
      links.role(one, Buffer.from('c'))
      expect(links.role(one, Buffer.from('d')).kind).toBe('further')
    }
  })

  it('do not keep the content of a file in memory while further names are awaited', async () => {
    setFlagsFromString('--expose-gc')
    const links = new HardLinks()
    const kept = Array.from({ length: 20 }, (_, i) => {
      const node = { ...name('a', 2), inode: BigInt(i + 1) }
      links.role(node, Buffer.from('a'))
      return new WeakRef(node)
    })
    await nextTurn()
    ;(runInNewContext('gc') as () => void)()
    expect(kept.filter(node => node.deref())).toEqual([])
    expect(links.role(name('b', 2), Buffer.from('b')).kind).toBe('further')
  })

  it('need more than one link, a real inode, and something else than a folder', () => {
    expect(linkKey(name('a', 1))).toBeUndefined()
    expect(linkKey({ ...name('a', 2), inode: 0n })).toBeUndefined()
    expect(linkKey({ ...name('a', 2), type: 'dir' })).toBeUndefined()
    expect(linkKey(name('a', 2))).toBe('1:7')
  })
})
