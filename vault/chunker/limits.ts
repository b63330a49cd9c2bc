/** Where chunks may end: after `min` bytes at the earliest, where the fingerprint's bits in `mask` are 0, after `max` at the latest. */
export interface ChunkLimits {
  /** At least 64. */
  readonly min: number
  readonly max: number
  readonly mask: number
}

/** restic's, the same for every repository: about 1.5 MiB on average. */
export const resticLimits: ChunkLimits = { min: 512 * 1024, max: 8 * 1024 * 1024, mask: 2 ** 20 - 1 }
