import { resticLimits, type ChunkLimits } from './limits.ts'
import { rabinTables, windowBytes } from './tables.ts'

// The chunker as the format defines it, step by step and slow: what tests compare the fast one with.

/** The fingerprint of exactly the bytes given. */
export function fingerprint(bytes: Uint8Array, polynomial: bigint): bigint {
  const { mod } = rabinTables(polynomial)
  return bytes.reduce((digest, byte) => ((digest << 8n) | BigInt(byte)) ^ mod[Number(digest >> 45n)]!, 0n)
}

/** The lengths of the chunks that `bytes` falls into. */
export function chunkLengths(bytes: Uint8Array, polynomial: bigint, limits: ChunkLimits = resticLimits): number[] {
  const { out, mod } = rabinTables(polynomial)
  const lengths: number[] = []
  for (let start = 0; start < bytes.length; start += lengths.at(-1)!)
    lengths.push(chunkLength(bytes.subarray(start), out, mod, limits))
  return lengths
}

function chunkLength(
  bytes: Uint8Array,
  out: BigUint64Array,
  mod: BigUint64Array,
  { min, max, mask }: ChunkLimits,
): number {
  const window = new Uint8Array(windowBytes)
  let digest = 0n
  for (let at = min - windowBytes; at < Math.min(bytes.length, max); at++) {
    digest ^= out[window[at % windowBytes]!]!
    window[at % windowBytes] = bytes[at]!
    digest = ((digest << 8n) | BigInt(bytes[at]!)) ^ mod[Number(digest >> 45n)]!
    if (at + 1 >= min && (Number(digest & 0xffffffffn) & mask) === 0) return at + 1
  }
  return Math.min(bytes.length, max)
}
