import { randomBytes, scrypt } from 'node:crypto'

/** What a repository, or the wrapping of its master key, is sealed with. Never log one, never put one into an error. */
export interface VaultKey {
  /** AES-256, 32 bytes. */
  readonly encrypt: Buffer
  /** Poly1305-AES: the AES-128 key, 16 bytes. */
  readonly k: Buffer
  /** Poly1305-AES: 16 bytes, clamped only inside Poly1305. */
  readonly r: Buffer
}

export interface ScryptParameters {
  readonly N: number
  readonly r: number
  readonly p: number
  /** 64 bytes in every key file. */
  readonly salt: Uint8Array
}

/** The key that a password stands for. Takes as long as the parameters say; off the main thread. */
export function deriveKey(password: string, { N, r, p, salt }: ScryptParameters): Promise<VaultKey> {
  // Node's own cap of 32 MiB is just too small for restic's N=32768, r=8.
  const maxmem = 128 * N * r + 128 * r * p + 256 * r + 65_536
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(password, 'utf8'), salt, 64, { N, r, p, maxmem }, (error, bytes) =>
      error ? reject(error) : resolve(splitKey(bytes)),
    )
  })
}

/** A random key for a new vault. */
export const newVaultKey = (): VaultKey => splitKey(randomBytes(64))

const splitKey = (bytes: Buffer): VaultKey => ({
  encrypt: bytes.subarray(0, 32),
  k: bytes.subarray(32, 48),
  r: bytes.subarray(48, 64),
})
