import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import { idOf } from '../format/id.ts'
import { Engine } from './engine.ts'

const key = newVaultKey()
const engine = new Engine({ key, polynomial: 0x3da3358b4dc173n })
const { bytes, READ, SCRATCH, STAGE } = engine
const damage = expect.objectContaining({ code: 'vault-damaged' })
const put = (at: number, data: Uint8Array): void => bytes.set(data, at)
const get = (at: number, length: number): Buffer => Buffer.from(bytes.subarray(at, at + length))
const anyPlace = fc.nat(40)
const anyData = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.integer({ min: 0, max: 700_000 }).map(length => new Uint8Array(randomBytes(length))),
)

describe('the engine', () => {
  it('has room for what is to be done in it', () => {
    expect(engine.READ_CAP).toBeGreaterThanOrEqual(17 * 2 ** 20)
    expect(engine.SCRATCH).toBe(READ + engine.READ_CAP)
    expect(engine.STAGE).toBeGreaterThanOrEqual(SCRATCH + engine.SCRATCH_CAP)
    expect(bytes.length).toBeGreaterThanOrEqual(STAGE + engine.STAGE_CAP)
    expect(engine.STAGE_CAP).toBeGreaterThanOrEqual(25 * 2 ** 20)
  })

  it('hashes as everyone does', () => {
    put(READ, Buffer.from('hello\n'))
    expect(engine.hash(READ, 6).toString('hex')).toBe(idOf(Buffer.from('hello\n')))
  })
})

describe('sealing in the engine', () => {
  it('is opened by everyone else, and opens what everyone else sealed', () => {
    fc.assert(
      fc.property(anyData, anyPlace, anyPlace, (data, a, b) => {
        put(READ + a, data)
        const length = engine.seal(READ + a, data.length, STAGE + b)
        expect(length).toBe(data.length + 32)
        expect(unseal(key, get(STAGE + b, length)).equals(data)).toBe(true)
        put(STAGE + b, seal(key, data))
        expect(engine.unseal(STAGE + b, length, SCRATCH + a)).toBe(data.length)
        expect(get(SCRATCH + a, data.length).equals(data)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('carries the counter over, wherever it begins and whichever way it is encrypted', () => {
    const ivs = [
      'ffffffffffffffffffffffffffffffff',
      '00000000000000ffffffffffffffffff',
      'fffffffffffffffffffffffffffffff0',
    ]
    const lengths = [0, 1, 15, 16, 17, 49_151, 49_152, 49_153, 300_000]
    for (const iv of ivs)
      for (const length of lengths) {
        const data = randomBytes(length)
        put(READ, seal(key, data, Buffer.from(iv, 'hex')))
        expect(engine.unseal(READ, length + 32, SCRATCH)).toBe(length)
        expect(get(SCRATCH, length).equals(data)).toBe(true)
      }
  })

  it.each([30_000, 400_000])('works in place (%i bytes)', size => {
    const data = randomBytes(size)
    put(STAGE + 16, data)
    const length = engine.seal(STAGE + 16, data.length, STAGE)
    expect(unseal(key, get(STAGE, length))).toEqual(data)
    expect(engine.unseal(STAGE, length, STAGE + 16)).toBe(data.length)
    expect(get(STAGE + 16, data.length).equals(data)).toBe(true)
  })

  it('uses each IV once', () => {
    const ivs = Array.from({ length: 2000 }, () => (engine.seal(READ, 1, STAGE), get(STAGE, 16).toString('hex')))
    expect(new Set(ivs).size).toBe(2000)
  })

  it('notices every single bit that changed, and hands out nothing', () => {
    const sealed = seal(key, Buffer.from('some plaintext of a few blocks, all of it worth protecting'))
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Buffer.from(sealed)
      altered[bit >> 3]! ^= 1 << (bit & 7)
      put(READ, altered)
      bytes.fill(7, SCRATCH, SCRATCH + 100)
      expect(() => engine.unseal(READ, sealed.length, SCRATCH)).toThrow(damage)
      expect(get(SCRATCH, 100).every(byte => byte === 7)).toBe(true)
    }
  })

  it('notices what is too short, or sealed with an IV of zeros', () => {
    put(READ, seal(key, Buffer.from('x'), Buffer.alloc(16)))
    expect(() => engine.unseal(READ, 33, SCRATCH)).toThrow(damage)
    for (const length of [0, 16, 31]) expect(() => engine.unseal(READ, length, SCRATCH)).toThrow(damage)
  })
})

describe('sealing many short messages at once', () => {
  /** The engine's memory holds each behind room for its IV. */
  const lay = (messages: readonly Uint8Array[]) => {
    let at = STAGE
    return messages.map(data => {
      const place = { at, length: data.length }
      put(at + 16, data)
      at += data.length + 32
      return place
    })
  }

  it('is the same as sealing each', () => {
    const someShort = fc.array(fc.uint8Array({ maxLength: 380 }), { maxLength: 128 })
    fc.assert(
      fc.property(someShort, messages => {
        const places = lay(messages)
        engine.sealAll(places)
        places.forEach(({ at, length }, i) => expect(unseal(key, get(at, length + 32)).equals(messages[i]!)).toBe(true))
        engine.unsealAll(places, SCRATCH)
        const all = Buffer.concat(messages)
        expect(get(SCRATCH, all.length).equals(all)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('notices every single bit that changed', () => {
    const places = lay([Buffer.from('one of'), Buffer.from('several messages of a few blocks')])
    engine.sealAll(places)
    for (let bit = 0; bit < (places[1]!.at + places[1]!.length + 32 - STAGE) * 8; bit++) {
      bytes[STAGE + (bit >> 3)]! ^= 1 << (bit & 7)
      expect(() => engine.unsealAll(places, SCRATCH)).toThrow(damage)
      bytes[STAGE + (bit >> 3)]! ^= 1 << (bit & 7)
    }
    expect(() => engine.unsealAll(places, SCRATCH)).not.toThrow()
  })

  it('notices an IV of zeros', () => {
    put(STAGE, seal(key, Buffer.from('x'), Buffer.alloc(16)))
    expect(() => engine.unsealAll([{ at: STAGE, length: 1 }], SCRATCH)).toThrow(damage)
  })
})
