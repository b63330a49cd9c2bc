import { randomBytes } from 'node:crypto'
import { nodeScrypt, type Scrypt, type ScryptParameters } from './scrypt.ts'

/** What a repository, or the wrapping of its master key, is sealed with. Never log one, never put one into an error. */
export interface VaultKey {
  /** AES-256, 32 bytes. */
  readonly encrypt: Buffer
  /** Poly1305-AES: the AES-128 key, 16 bytes. */
  readonly k: Buffer
  /** Poly1305-AES: 16 bytes, clamped only inside Poly1305. */
  readonly r: Buffer
}

/** The key that a password stands for. Takes as long as the parameters say; off the main thread. */
export async function deriveKey(
  password: string,
  parameters: ScryptParameters,
  scrypt: Scrypt = nodeScrypt,
): Promise<VaultKey> {
  return splitKey(await scrypt(Buffer.from(password, 'utf8'), parameters))
}

/** A random key for a new vault. */
export const newVaultKey = (): VaultKey => splitKey(randomBytes(64))

const splitKey = (bytes: Buffer): VaultKey => ({
  encrypt: bytes.subarray(0, 32),
  k: bytes.subarray(32, 48),
  r: bytes.subarray(48, 64),
})
