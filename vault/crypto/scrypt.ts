import { scrypt } from 'node:crypto'

export interface ScryptParameters {
  readonly N: number
  readonly r: number
  readonly p: number
  /** 64 bytes in every key file. */
  readonly salt: Uint8Array
}

/** scrypt of RFC 7914: 64 bytes made of a password. */
export type Scrypt = (password: Buffer, parameters: ScryptParameters) => Promise<Buffer>

/** Node's, on one thread. */
export const nodeScrypt: Scrypt = (password, { N, r, p, salt }) => {
  // Node's own cap of 32 MiB is just too small for restic's N=32768, r=8.
  const maxmem = 128 * N * r + 128 * r * p + 256 * r + 65_536
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 64, { N, r, p, maxmem }, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })
}
