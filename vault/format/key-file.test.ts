import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeKeyFile, encodeMasterKey, parseKeyFile, parseMasterKey } from './key-file.ts'
import { newVaultKey } from '../crypto/keys.ts'

const salt = Buffer.alloc(64, 5)
const file = (changes: object): Buffer =>
  Buffer.from(
    JSON.stringify({
      kdf: 'scrypt',
      N: 32768,
      r: 8,
      p: 6,
      salt: salt.toString('base64'),
      data: Buffer.alloc(150, 1).toString('base64'),
      ...changes,
    }),
  )

describe('a key file', () => {
  it('comes back as it was', () => {
    const any = fc.record({
      created: fc.date({
        min: new Date('1900-01-01T00:00:00Z'),
        max: new Date('9998-01-01T00:00:00Z'),
        noInvalidDate: true,
      }),
      username: fc.string({ unit: 'binary' }),
      hostname: fc.string({ unit: 'binary' }),
      scrypt: fc.record({
        N: fc.integer({ min: 9, max: 17 }).map(bits => 2 ** bits),
        r: fc.integer({ min: 1, max: 16 }),
        p: fc.integer({ min: 1, max: 6 }),
        salt: fc.constant(salt),
      }),
      data: fc.uint8Array({ minLength: 32, maxLength: 200 }).map(bytes => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(any, key => {
        expect(parseKeyFile(encodeKeyFile(key))).toEqual(key)
      }),
    )
  })

  it('need not say who made it and when', () => {
    expect(parseKeyFile(file({}))).toMatchObject({ created: undefined, username: '', hostname: '' })
  })

  it.each([
    { kdf: 'argon2' },
    { kdf: undefined },
    { N: 0 },
    { N: 1 },
    { N: 1000 },
    { r: 0 },
    { p: 0 },
    { N: -2 },
    { salt: 'AAAA' },
    { salt: undefined },
    { data: '' },
    { data: '*' },
    { created: 'yesterday' },
    { N: 2 ** 31 },
    { N: 2 ** 30, r: 8 },
    { r: 2 ** 31 },
    { p: 2 ** 31 },
  ])('is refused with %o before it costs memory or time', changes => {
    expect(() => parseKeyFile(file(changes))).toThrow(expect.objectContaining({ name: 'VaultError' }))
  })

  it('with the strongest parameters that restic was seen to write is accepted', () => {
    expect(parseKeyFile(file({ N: 131_072, r: 16, p: 6 })).scrypt).toMatchObject({ N: 131_072, r: 16, p: 6 })
  })
})

describe('a master key', () => {
  it('comes back as it was', () => {
    const key = newVaultKey()
    expect(parseMasterKey(encodeMasterKey(key))).toEqual(key)
  })

  it.each(['encrypt', 'k', 'r'] as const)('whose %s is all zeros or of another length is refused', part => {
    const key = newVaultKey()
    for (const bytes of [Buffer.alloc(key[part].length), Buffer.alloc(key[part].length + 1, 1), Buffer.alloc(0)])
      expect(() => parseMasterKey(encodeMasterKey({ ...key, [part]: bytes }))).toThrow(
        expect.objectContaining({ code: 'vault-damaged' }),
      )
  })

  it('never shows up in an error', () => {
    const text = encodeMasterKey(newVaultKey()).toString()
    try {
      parseMasterKey(Buffer.from(text.replace('{"mac"', '{"mac')))
      expect.unreachable()
    } catch (error) {
      expect(inspect(error, { depth: 9 })).not.toContain(text.slice(14, 20))
    }
  })
})
