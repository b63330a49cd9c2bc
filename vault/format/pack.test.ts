import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unseal, seal } from '../crypto/seal.ts'
import { expand } from './compress.ts'
import { idOf } from './id.ts'
import {
  encodeHeaderLength,
  encodePackHeader,
  maxBlobsOfPack,
  packSize,
  parseHeaderPlace,
  parsePackHeader,
  type BlobEntry,
} from './pack.ts'
import { anyBlobs } from './testing/arbitraries.ts'

const seq = (length: number, start: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (start + at) & 255))
const key = { encrypt: seq(32, 0), k: seq(16, 0x20), r: seq(16, 0x30) }
const damage = expect.objectContaining({ code: 'vault-damaged' })
const entries: readonly BlobEntry[] = [
  {
    id: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
    type: 'data',
    offset: 0,
    length: 38,
    uncompressedLength: 0,
  },
  {
    id: '2816597888e4a0d3a36b82b83316ab32680eb8f00f8cd3b904d681246d285a0e',
    type: 'data',
    offset: 38,
    length: 49,
    uncompressedLength: 100,
  },
]
const header =
  '00260000005891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03' +
  '0231000000640000002816597888e4a0d3a36b82b83316ab32680eb8f00f8cd3b904d681246d285a0e'

describe('a pack', () => {
  it('is put together with the bytes that restic accepts', () => {
    expect(encodePackHeader(entries).toString('hex')).toBe(header)
    const frame = Buffer.from('28b52ffd206445000010616101003f012c', 'hex')
    const sealedHeader = seal(key, Buffer.from(header, 'hex'), seq(16, 0x21))
    const pack = Buffer.concat([
      seal(key, Buffer.from('hello\n'), seq(16, 1)),
      seal(key, frame, seq(16, 0x11)),
      sealedHeader,
      encodeHeaderLength(sealedHeader.length),
    ])
    expect(idOf(pack)).toBe('0f5735ea040d140057da7d6ae279bf42a2df3649f2c96a636d1bf9f75a039b19')
    expect(packSize(entries)).toBe(pack.length)
    const place = parseHeaderPlace(pack.subarray(-4), pack.length)
    expect(parsePackHeader(unseal(key, pack.subarray(place.offset, place.offset + place.length)))).toEqual(entries)
    expect(expand(frame, 100).toString()).toBe('a'.repeat(100))
  })

  it('has a header that comes back as it was', () => {
    fc.assert(
      fc.property(anyBlobs, blobs => {
        const bytes = encodePackHeader(blobs)
        expect(parsePackHeader(bytes)).toEqual(blobs)
        expect(packSize(blobs)).toBe(blobs.reduce((sum, blob) => sum + blob.length, 0) + bytes.length + 36)
      }),
    )
  })

  it('has room for all blobs that its header can hold', () => {
    expect(maxBlobsOfPack).toBe(409_199)
  })

  it.each([
    ['an unknown type', `04${header.slice(2)}`],
    ['a byte too many', `${header}00`],
    ['a byte too few', header.slice(0, -2)],
    ['a blob shorter than its seal', header.replace('0026', '001f')],
    ['a compressed blob of nothing', header.replace('64000000', '00000000')],
  ])('is refused for %s in its header', (_what, hex) =>
    expect(() => parsePackHeader(Buffer.from(hex, 'hex'))).toThrow(damage),
  )

  it('is refused if it would be larger than offsets can tell', () => {
    const huge = Buffer.concat(
      Array.from({ length: 300 }, () => Buffer.concat([Buffer.of(0, 0xff, 0xff, 0xff, 0), Buffer.alloc(32, 1)])),
    )
    expect(() => parsePackHeader(huge)).toThrow(damage)
  })

  it.each([0, 31, 68, 16 * 2 ** 20 + 1, 2 ** 32 - 1])('is refused for a header of %i bytes', length => {
    expect(() => parseHeaderPlace(encodeHeaderLength(length), 2 ** 30)).toThrow(damage)
  })

  it('is refused if the header is longer than the file, or the file shorter than a length', () => {
    expect(() => parseHeaderPlace(encodeHeaderLength(100), 103)).toThrow(damage)
    expect(parseHeaderPlace(encodeHeaderLength(100), 104)).toEqual({ offset: 0, length: 100 })
    expect(() => parseHeaderPlace(Buffer.alloc(3), 3)).toThrow(damage)
  })
})
