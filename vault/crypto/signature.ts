import { createPrivateKey, createPublicKey, hkdfSync, sign, verify, type KeyObject } from 'node:crypto'
import type { VaultKey } from './keys.ts'

// What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410).
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const purpose = 'aidatavault evidence ed25519 v1'

/**
 * The key that signs evidence. It follows from the vault's master key, so it never changes, lies nowhere, and whoever opens
 * the vault has it; nobody else can sign in its name.
 */
export function signingKey({ encrypt, k, r }: VaultKey, repositoryId: string): KeyObject {
  const seed = hkdfSync('sha256', Buffer.concat([encrypt, k, r]), Buffer.from(repositoryId, 'hex'), purpose, 32)
  const key = Buffer.concat([privatePrefix, Buffer.from(seed)])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** 64 hex digits. */
export const publicKeyOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length).toString('hex')

/** 128 hex digits. */
export const signBytes = (key: KeyObject, bytes: Uint8Array): string => sign(null, bytes, key).toString('hex')

/** Whether the owner of this public key signed these bytes. False also for what is no key, or no signature. */
export function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  try {
    const der = Buffer.concat([publicPrefix, Buffer.from(publicKey, 'hex')])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, bytes, key, Buffer.from(signature, 'hex'))
  } catch {
    return false
  }
}
