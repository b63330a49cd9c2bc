import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compress, compressedBound, expand } from '../format/compress.ts'
import { mutated, parsesOrRejects } from '../format/testing/arbitraries.ts'
import { openCodec, plainCodec } from './zstd.ts'

const bytes = Buffer.alloc(12 * 2 ** 20)
const [from, to, back] = [0, 4 * 2 ** 20, 8 * 2 ** 20]
const room = 4 * 2 ** 20
const damage = expect.objectContaining({ code: 'vault-damaged' })
const put = (data: Uint8Array): number => (bytes.set(data, from), data.length)
const get = (at: number, length: number): Buffer => Buffer.from(bytes.subarray(at, at + length))

const text = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => 97 + ((at * at) % 23)))
const samples: fc.Arbitrary<Buffer> = fc.oneof(
  fc.integer({ min: 1, max: 900_000 }).map(text),
  fc.integer({ min: 1, max: 300_000 }).map(length => randomBytes(length)),
  fc.integer({ min: 1, max: 900_000 }).map(length => Buffer.alloc(length)),
)

it('this Node lets contexts be used again', () => {
  expect(openCodec(bytes, 3, 0).compress.toString()).not.toBe(plainCodec(bytes, 3).compress.toString())
})

describe.each([
  ['used again', openCodec(bytes, 3, 0)],
  ['made anew', plainCodec(bytes, 3)],
])('a zstd context that is %s', (_name, codec) => {
  const roundTrip = (data: Buffer): void => {
    const length = codec.compress(from, put(data), to, compressedBound(data.length))
    expect(get(to, length).equals(compress(data, 3))).toBe(true)
    expect(codec.expand(to, length, back, data.length)).toBe(data.length)
    expect(get(back, data.length).equals(data)).toBe(true)
  }

  it('brings everything back as it was, one blob after the other', () => {
    fc.assert(fc.property(samples, roundTrip), { numRuns: 40 })
  })

  it('says so when the result does not fit, and goes on with the next', () => {
    for (const capacity of [1, 2, 100, 1000]) {
      expect(codec.compress(from, put(randomBytes(5000)), to, capacity)).toBe(0)
      roundTrip(text(5000))
    }
  })

  it('never expands beyond what is allowed, and goes on with the next', () => {
    const packed = compress(text(5000))
    for (const capacity of [0, 1, 4999]) {
      bytes.set(packed, to)
      bytes.fill(9, back, back + 6000)
      expect(() => codec.expand(to, packed.length, back, capacity)).toThrow(damage)
      expect(get(back + capacity, 6000 - capacity).every(byte => byte === 9)).toBe(true)
      roundTrip(text(300))
    }
  })

  it('refuses damaged frames or gives other bytes, and goes on with the next', () => {
    const packed = zstdCompressSync(text(9000), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    fc.assert(
      fc.property(mutated(packed), changed => {
        bytes.set(changed, to)
        parsesOrRejects(() => codec.expand(to, changed.length, back, room))
        roundTrip(text(2000))
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['without a content size', zstdCompressSync(text(9000), { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })],
    ['with a checksum', zstdCompressSync(text(9000), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
    ['of level 22', zstdCompressSync(text(9000), { params: { [constants.ZSTD_c_compressionLevel]: 22 } })],
    [
      'with a large window',
      zstdCompressSync(text(9000), {
        params: { [constants.ZSTD_c_windowLog]: 28, [constants.ZSTD_c_contentSizeFlag]: 0 },
      }),
    ],
    ['in two parts', Buffer.concat([compress(text(9000).subarray(0, 5000)), compress(text(9000).subarray(5000))])],
    ['after a frame to skip', Buffer.concat([Buffer.from('502a4d1803000000aabbcc', 'hex'), compress(text(9000))])],
  ])('reads a blob %s, which restic reads too', (_what, packed) => {
    bytes.set(packed, to)
    expect(codec.expand(to, packed.length, back, 9000)).toBe(9000)
    expect(get(back, 9000).equals(text(9000))).toBe(true)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no frame', Buffer.from('plain text')],
    ['a frame and something else', Buffer.concat([compress(text(100)), Buffer.from('more')])],
    ['a frame and zeros', Buffer.concat([compress(text(100)), Buffer.alloc(3)])],
    ['a frame without its end', compress(text(100)).subarray(0, -1)],
    ['only a frame to skip', Buffer.from('502a4d1803000000aabbcc', 'hex')],
  ])('refuses %s', (_what, packed) => {
    bytes.set(packed, to)
    expect(() => codec.expand(to, packed.length, back, room)).toThrow(damage)
    expect(() => expand(packed, room)).toThrow(damage)
  })
})
