import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compress } from './compress.ts'
import { decodeUnpacked, encodeUnpacked } from './unpacked.ts'

const damage = expect.objectContaining({ code: 'vault-damaged' })
const json = Buffer.from('{"packs":[]}\n')

describe('an index, snapshot or lock file', () => {
  it('comes back as it was, in vaults of both versions', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const bytes = Buffer.from(`[${JSON.stringify(value)}]`)
        for (const version of [1, 2] as const) expect(decodeUnpacked(encodeUnpacked(bytes, version))).toEqual(bytes)
      }),
    )
  })

  it('is compressed in a vault of version 2 and plain in one of version 1', () => {
    expect(encodeUnpacked(json)[0]).toBe(2)
    expect(encodeUnpacked(json, 1)).toEqual(json)
  })

  it.each(['', ' {}', '\n[]', '\x01{}', 'x', '\x02', '\x02{}'])("is refused as '%s', as restic refuses it", text => {
    expect(() => decodeUnpacked(Buffer.from(text))).toThrow(damage)
  })

  it('is refused if its end is missing', () => {
    const bytes = encodeUnpacked(json)
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeUnpacked(bytes.subarray(0, length))).toThrow(damage)
  })

  it('cannot fill the memory by expanding', () => {
    const zeros = compress(Buffer.alloc(64 * 2 ** 20))
    const bomb = Buffer.concat([Buffer.of(2), ...Array.from({ length: 9 }, () => zeros)])
    expect(() => decodeUnpacked(bomb)).toThrow(damage)
  }, 60_000)
})
