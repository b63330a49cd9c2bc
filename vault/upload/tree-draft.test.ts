import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { aNode } from '../files/testing/nodes.ts'
import { encodeNode } from '../format/node-encode.ts'
import { encodeTree } from '../format/tree.ts'
import { Engine } from '../wasm/engine.ts'
import { Squeezer } from './squeezer.ts'
import { latin1, TreeDraft } from './tree-draft.ts'

const squeezer = new Squeezer(new Engine({ key: newVaultKey(), polynomial: 0x3da3358b4dc173n }))

const names = fc.uniqueArray(
  fc
    .uint8Array({ minLength: 1, maxLength: 12 })
    .filter(name => !name.includes(0) && !name.includes(0x2f) && name[0] !== 0x2e),
  { selector: latin1, maxLength: 60 },
)

describe('the list of a folder that grows', () => {
  it('is the tree that the format wants, in whatever order names come and however often it is squeezed', () => {
    fc.assert(
      fc.property(names, fc.array(fc.nat(60)), (given, squeezedAt) => {
        const nodes = given.map((name, i) => aNode({ name, size: BigInt(i), content: ['ab'.repeat(32)] }))
        const list = new TreeDraft(squeezer)
        nodes.forEach((node, i) => {
          if (squeezedAt.includes(i)) list.squeeze()
          list.add(node.name, encodeNode(node))
        })
        expect(list.encode().equals(encodeTree(nodes))).toBe(true)
      }),
    )
  })

  it('finds nodes by name, and puts revised ones in their place', () => {
    const list = new TreeDraft(squeezer)
    for (const name of ['c', 'b', 'a']) {
      list.add(Buffer.from(name), `{"name":"${name}"}`)
      list.squeeze()
    }
    expect([...list.find(new Set(['a', 'c', 'x']))].toSorted()).toEqual([
      ['a', '{"name":"a"}'],
      ['c', '{"name":"c"}'],
    ])
    expect(list.encode(new Map([['b', '{"other":1}']])).toString()).toBe(
      '{"nodes":[{"name":"a"},{"other":1},{"name":"c"}]}\n',
    )
  })

  it('is word for word another only with all of its nodes, and in the order of trees', () => {
    const list = new TreeDraft(squeezer)
    for (const name of ['b', 'a']) list.add(Buffer.from(name), `node ${name}`)
    expect(list.isWordForWord(['node a', 'node b'])).toBe(true)
    for (const other of [['node b', 'node a'], ['node a'], ['node a', 'node b', 'node c'], ['node a', 'node c']])
      expect(list.isWordForWord(other)).toBe(false)
  })

  it('refuses two entries of one name', () => {
    const list = new TreeDraft(squeezer)
    list.add(Buffer.from('x'), '{}')
    list.squeeze()
    list.add(Buffer.from('x'), '{}')
    expect(() => list.encode()).toThrow('two entries of one folder are named x')
  })

  it('holds more than a string can', () => {
    const list = new TreeDraft(squeezer)
    const json = `"${'x'.repeat(1_000_000)}"`
    for (let i = 0; i < 600; i++) list.add(Buffer.from(String(i)), json)
    const document = list.encode()
    expect(document.length).toBe(600 * json.length + 599 + '{"nodes":[]}\n'.length)
  })
})
