import { openBlob } from '../blob.ts'
import type { VaultKey } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import { compress } from '../format/compress.ts'
import type { BlobEntry } from '../format/pack.ts'
import { isDamage } from '../files/blob-reader.ts'
import { didNotDecode } from '../upload/blob-sealer.ts'

/** A vault's key, and what its version says of compression. */
export interface Sealing {
  readonly key: VaultKey
  readonly version: 1 | 2
}

/** Some blobs of one pack; their offsets count from the beginning of `bytes`. */
export interface Stretch {
  readonly bytes: Uint8Array
  readonly blobs: readonly BlobEntry[]
}

/** The same blobs for another vault. */
export interface Resealed {
  /** Those that were good, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly blobs: readonly ResealedBlob[]
  /** Places in the stretch's blobs of those that were not what their ids say. */
  readonly bad: readonly number[]
}

export interface ResealedBlob {
  readonly id: string
  readonly type: BlobEntry['type']
  /** As stored. */
  readonly length: number
  readonly uncompressedLength: number
}

/** Opens every blob of the stretch, verifies it against its id, and seals it for `to`; compressed ones stay as they are. */
export function reseal({ bytes, blobs }: Stretch, from: Sealing, to: Sealing): Resealed {
  const sealed: Buffer[] = []
  const good: ResealedBlob[] = []
  const bad: number[] = []
  for (const [place, blob] of blobs.entries()) {
    const stored = bytes.subarray(blob.offset, blob.offset + blob.length)
    const result = resealBlob(stored, blob, from, to)
    if (!result) bad.push(place)
    else {
      sealed.push(result.sealed)
      good.push({ ...blob, length: result.sealed.length, uncompressedLength: result.uncompressedLength })
    }
  }
  return { bytes: joined(sealed), blobs: good, bad }
}

function joined(parts: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

interface SealedForTarget {
  readonly sealed: Buffer
  readonly uncompressedLength: number
}

// undefined: it is damaged.
function resealBlob(stored: Uint8Array, blob: BlobEntry, from: Sealing, to: Sealing): SealedForTarget | undefined {
  const plain = openOrNothing(stored, blob, from)
  if (!plain) return undefined
  if (to.version === 1) return sealVerified(to.key, plain, 0)
  if (blob.uncompressedLength) return sealVerified(to.key, unseal(from.key, stored), blob.uncompressedLength)
  return from.version === 1 ? sealBlob(plain, blob.type, to) : sealVerified(to.key, plain, 0)
}

function openOrNothing(stored: Uint8Array, blob: BlobEntry, { key }: Sealing): Buffer | undefined {
  try {
    return openBlob(key, blob, stored)
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}

/** Compresses where that pays, as uploads do, and seals. */
export function sealBlob(plain: Uint8Array, type: BlobEntry['type'], to: Sealing): SealedForTarget {
  const packed = to.version > 1 && plain.length > 0 ? compress(plain) : undefined
  const pays = packed && (type === 'tree' || packed.length < plain.length)
  return pays ? sealVerified(to.key, packed, plain.length) : sealVerified(to.key, plain, 0)
}

// What was just sealed is opened again before it counts, as in every upload.
function sealVerified(key: VaultKey, content: Uint8Array, uncompressedLength: number): SealedForTarget {
  const sealed = seal(key, content)
  if (!unseal(key, sealed).equals(content)) throw didNotDecode()
  return { sealed, uncompressedLength }
}
