import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeIndex, parseIndex } from './index-file.ts'
import { anyBlobs, anyId } from './testing/arbitraries.ts'

const id = 'ab'.repeat(32)
const blob = `{"id":"${id}","type":"data","offset":0,"length":38,"uncompressed_length":100}`
const file = (blobs: string, more = ''): Buffer => Buffer.from(`{"packs":[{"id":"${id}","blobs":${blobs}${more}}]}`)

describe('an index file', () => {
  it('comes back as it was', () => {
    const packs = fc.array(fc.record({ id: anyId, blobs: anyBlobs }), { maxLength: 5 })
    fc.assert(
      fc.property(packs, packs => {
        expect(parseIndex(encodeIndex({ packs }))).toEqual({ packs })
      }),
    )
  })

  it('is written as restic writes it', () => {
    const packs = [{ id, blobs: [{ id, type: 'tree' as const, offset: 5, length: 40, uncompressedLength: 0 }] }]
    expect(encodeIndex({ packs }).toString()).toBe(
      `{"packs":[{"id":"${id}","blobs":[{"id":"${id}","type":"tree","offset":5,"length":40}]}]}\n`,
    )
  })

  it.each(['{"packs":[]}', '{"packs":null}', '{}'])('is empty in %s', json => {
    expect(parseIndex(Buffer.from(json))).toEqual({ packs: [] })
  })

  it('may have fields of other programs', () => {
    const bytes = Buffer.from(
      `{"supersedes":["${id}"],"packs":[{"id":"${id}","blobs":[${blob}],"time":"x","size":1e3}],"packs_to_delete":[{}]}`,
    )
    expect(parseIndex(bytes).packs[0]!.blobs).toEqual([
      { id, type: 'data', offset: 0, length: 38, uncompressedLength: 100 },
    ])
    expect(parseIndex(file('null')).packs).toEqual([{ id, blobs: [] }])
  })

  it.each([
    '[]',
    '{"packs":{}}',
    '{"packs":[1]}',
    '{"packs":[{}]}',
    file('[{}]').toString(),
    file(`[${blob.replace('data', 'disk')}]`).toString(),
    file(`[${blob.replace('38', '31')}]`).toString(),
    file(`[${blob.replace('38', '4294967296')}]`).toString(),
    file(`[${blob.replace('"offset":0', '"offset":-1')}]`).toString(),
    file(`[${blob.replace('"offset":0', '"offset":1e3')}]`).toString(),
  ])('is refused as %s', json => {
    expect(() => parseIndex(Buffer.from(json))).toThrow(expect.objectContaining({ code: 'vault-damaged' }))
  })
})
