import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BlobIndex } from './blob-index.ts'
import type { BlobEntry } from './format/pack.ts'

const idOf = (n: number): string => createHash('sha256').update(String(n)).digest('hex')
const blob = (n: number, more: Partial<BlobEntry> = {}): BlobEntry => ({
  id: idOf(n),
  type: 'data',
  offset: 0,
  length: 50,
  uncompressedLength: 0,
  ...more,
})

const anyBlob = fc.record({
  n: fc.nat(30),
  pack: fc.nat(3),
  type: fc.constantFrom('data' as const, 'tree' as const),
  offset: fc.constantFrom(0, 1, 0xffff_ffff),
  length: fc.constantFrom(32, 0xffff_ffff),
  uncompressedLength: fc.constantFrom(0, 1, 0xffff_ffff),
})

describe('BlobIndex', () => {
  it('finds every place of every blob, and nothing else, whatever was added', () => {
    fc.assert(
      fc.property(fc.array(anyBlob, { maxLength: 60 }), added => {
        const index = new BlobIndex()
        const expected = new Set<string>()
        for (const { n, pack, ...rest } of added) {
          const packed = { id: idOf(n), ...rest }
          index.addPack(idOf(1000 + pack), [packed])
          expected.add(
            JSON.stringify({ ...packed, pack: idOf(1000 + pack) }, Object.keys({ ...packed, pack: '' }).toSorted()),
          )
        }
        const found: string[] = []
        for (let n = 0; n <= 30; n++)
          for (const type of ['data', 'tree'] as const)
            for (const place of index.lookup(type, idOf(n)))
              found.push(JSON.stringify(place, Object.keys(place).toSorted()))
        expect(found.toSorted()).toEqual([...expected].toSorted())
        expect(index.count).toBe(expected.size)
      }),
    )
  })

  it('holds many blobs and finds each by text and by bytes', () => {
    const index = new BlobIndex()
    const many = 50_000
    for (let n = 0; n < many; n += 10)
      index.addPack(
        idOf(-n - 1),
        Array.from({ length: 10 }, (_, i) => blob(n + i, { offset: i * 50 })),
      )
    for (let n = 0; n < many; n += 7) {
      expect(index.has('data', Buffer.from(idOf(n), 'hex'))).toBe(true)
      expect(index.lookup('data', idOf(n))).toEqual(
        [blob(n, { offset: (n % 10) * 50 })].map(b => ({ ...b, pack: idOf(-(n - (n % 10)) - 1) })),
      )
    }
    expect(index.has('data', idOf(many + 1))).toBe(false)
    expect(index.packIds).toHaveLength(many / 10)
  })

  it('keeps a blob’s number when more is added', () => {
    const index = new BlobIndex()
    index.addPack(idOf(-1), [blob(1)])
    const first = index.entryOf('data', idOf(1))
    for (let n = 0; n < 20_000; n++) index.addPack(idOf(-2), [blob(n, { offset: n })])
    expect(index.entryOf('data', idOf(1))).toBe(first)
    expect(index.entriesOf('data', idOf(1))).toHaveLength(2)
  })

  it('tells data from trees of the same id', () => {
    const index = new BlobIndex()
    index.addPack(idOf(-1), [blob(1)])
    expect(index.has('tree', idOf(1))).toBe(false)
    index.addPack(idOf(-1), [blob(1, { type: 'tree', offset: 50 })])
    expect(index.lookup('tree', idOf(1))).toHaveLength(1)
    expect(index.typeOf(index.entryOf('tree', idOf(1))!)).toBe('tree')
  })

  it('knows how long a blob is when it is opened', () => {
    const index = new BlobIndex()
    index.addPack(idOf(-1), [blob(1, { length: 132 }), blob(2, { offset: 132, length: 60, uncompressedLength: 4000 })])
    expect([0, 1].map(entry => index.plainLengthOf(entry))).toEqual([100, 4000])
  })
})
