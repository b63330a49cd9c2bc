import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newVaultKey, type VaultKey } from './keys.ts'
import { seal, unseal } from './seal.ts'

const seq = (length: number, start: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (start + at) & 255))
const key: VaultKey = { encrypt: seq(32, 0), k: seq(16, 0x20), r: seq(16, 0x30) }
const clamped: VaultKey = { ...key, r: Buffer.from('303132033435360738393a0b3c3d3e0f', 'hex') }
const damage = expect.objectContaining({ code: 'vault-damaged' })

const vectors = [
  ['nothing', '', 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', '', '8aef4b6f9c4c0ad05bbaa8bbc43c8d7f'],
  ['a word', 'restic', 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', 'aefa72891fdb', '4af73e2aefb10eb252813324428a9e6e'],
  [
    'an empty tree',
    '{"nodes":[]}\n',
    'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf',
    'a7bd6f9212dd0f2f3510b5f801',
    '8c78e681a0cbbac11de06e0d95e1b3f8',
  ],
  [
    'a counter that overflows',
    '\0'.repeat(40),
    'ffffffffffffffffffffffffffffffff',
    'e999e41d4ca770da5387117b5d8f57eef29000b62a499fd0a9f39a6add2e7780f05d76ae4ab99fe5',
    'd0be0483b21136f443045e0f86b34cc5',
  ],
] as const

describe('sealing', () => {
  it.each(vectors)('gives the bytes that restic gives for %s', (_what, plaintext, iv, ciphertext, mac) => {
    const sealed = Buffer.from(iv + ciphertext + mac, 'hex')
    for (const each of [key, clamped]) {
      expect(seal(each, Buffer.from(plaintext), Buffer.from(iv, 'hex'))).toEqual(sealed)
      expect(unseal(each, sealed).toString()).toBe(plaintext)
    }
  })

  it('comes back as it was, 32 bytes longer in between, and never twice the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), plaintext => {
        const [one, two] = [seal(key, plaintext), seal(key, plaintext)]
        expect(one.length).toBe(plaintext.length + 32)
        expect(one.equals(two)).toBe(false)
        expect(unseal(key, one)).toEqual(Buffer.from(plaintext))
      }),
    )
  })

  it('notices every single bit that changed', () => {
    const sealed = seal(key, Buffer.from('some plaintext of a few blocks, all of it worth protecting'))
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Buffer.from(sealed)
      altered[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => unseal(key, altered)).toThrow(damage)
    }
  })

  it('notices that the end is missing', () => {
    const sealed = seal(key, Buffer.from('some plaintext'))
    for (let length = 0; length < sealed.length; length++)
      expect(() => unseal(key, sealed.subarray(0, length))).toThrow(damage)
  })

  it('does not open with another key', () => {
    expect(() => unseal(newVaultKey(), seal(key, Buffer.from('x')))).toThrow(damage)
  })

  it('does not open what was sealed with an IV of zeros, as restic does not', () => {
    const sealed = seal(key, Buffer.from('x'), Buffer.alloc(16))
    expect(() => unseal(key, sealed)).toThrow(damage)
  })
})
