import type { VaultKey } from './crypto/keys.ts'
import { unseal } from './crypto/seal.ts'
import { expand } from './format/compress.ts'
import { damaged } from './format/damaged.ts'
import { idOf } from './format/id.ts'
import type { BlobEntry } from './format/pack.ts'

/**
 * A blob's plaintext from its stored bytes. Nothing is trusted before it is verified: MAC, then compression, then
 * length, then the SHA-256 that is its id. Throws vault-damaged, saying which of these failed.
 */
export function openBlob(key: VaultKey, entry: BlobEntry, stored: Uint8Array): Buffer {
  const unsealed = unseal(key, stored)
  if (!entry.uncompressedLength) return verified(entry, unsealed)
  const plain = expand(unsealed, entry.uncompressedLength)
  if (plain.length !== entry.uncompressedLength)
    throw damaged(`it is ${plain.length} bytes long, but the index says ${entry.uncompressedLength}`)
  return verified(entry, plain)
}

function verified(entry: BlobEntry, plain: Buffer): Buffer {
  if (idOf(plain) !== entry.id) throw damaged('its content is not what its id says')
  return plain
}
