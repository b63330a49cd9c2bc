import fc from 'fast-check'
import { expect, it } from 'vitest'
import { newVaultKey } from './keys.ts'
import { isSignedBy, publicKeyOf, signBytes, signingKey } from './signature.ts'

const id = 'ab'.repeat(32)

it('follows from the vault alone: the same vault has the same key, another one another', () => {
  const master = newVaultKey()
  const key = publicKeyOf(signingKey(master, id))
  expect(publicKeyOf(signingKey(master, id))).toBe(key)
  expect(publicKeyOf(signingKey(master, 'cd'.repeat(32)))).not.toBe(key)
  expect(publicKeyOf(signingKey(newVaultKey(), id))).not.toBe(key)
})

it('accepts what was signed, and nothing with one bit altered', () => {
  const key = signingKey(newVaultKey(), id)
  const publicKey = publicKeyOf(key)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (bytes, at) => {
      const signature = signBytes(key, bytes)
      expect(isSignedBy(publicKey, bytes, signature)).toBe(true)
      const altered = bytes.slice()
      altered[at % bytes.length]! ^= 1 << (at % 8)
      expect(isSignedBy(publicKey, altered, signature)).toBe(false)
    }),
    { numRuns: 50 },
  )
  expect(isSignedBy('', Buffer.from('a'), signBytes(key, Buffer.from('a')))).toBe(false)
  expect(isSignedBy(publicKey, Buffer.from('a'), 'no signature')).toBe(false)
})

// RFC 8032, 7.1, test 2: what others make of the same bytes.
it('is plain Ed25519, which any other program can check', () => {
  const publicKey = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'
  const signature =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
  expect(isSignedBy(publicKey, Buffer.from('72', 'hex'), signature)).toBe(true)
})
