import { createCipheriv, randomBytes, timingSafeEqual } from 'node:crypto'
import { damaged } from '../format/damaged.ts'
import type { VaultKey } from './keys.ts'
import { poly1305 } from './poly1305.ts'

const ivLength = 16
const macLength = 16

/** Encrypts and authenticates: iv || AES-256-CTR ciphertext || Poly1305-AES MAC of the ciphertext, 32 bytes more than `plaintext`. */
export function seal(key: VaultKey, plaintext: Uint8Array, iv: Uint8Array = randomBytes(ivLength)): Buffer {
  const cipher = createCipheriv('aes-256-ctr', key.encrypt, iv)
  const ciphertext = cipher.update(plaintext)
  return Buffer.concat([iv, ciphertext, macOf(key, iv, ciphertext)])
}

/** Undoes `seal`. The MAC is checked before anything is decrypted; what fails it was altered or sealed with another key. */
export function unseal(key: VaultKey, sealed: Uint8Array): Buffer {
  if (sealed.length < ivLength + macLength) throw damaged('encrypted data is too short')
  const iv = sealed.subarray(0, ivLength)
  const ciphertext = sealed.subarray(ivLength, sealed.length - macLength)
  const mac = sealed.subarray(sealed.length - macLength)
  if (iv.every(byte => byte === 0)) throw damaged('encrypted data has an invalid initialization vector')
  if (!timingSafeEqual(macOf(key, iv, ciphertext), mac))
    throw damaged('encrypted data was altered: its MAC does not match')
  return createCipheriv('aes-256-ctr', key.encrypt, iv).update(ciphertext)
}

function macOf(key: VaultKey, iv: Uint8Array, ciphertext: Uint8Array): Buffer {
  const s = createCipheriv('aes-128-ecb', key.k, null).setAutoPadding(false).update(iv)
  return poly1305(key.r, s, ciphertext)
}
