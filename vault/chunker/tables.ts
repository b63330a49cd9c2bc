import { modulo, polynomialDegree } from './polynomial.ts'

/** What a Rabin fingerprint over 64 bytes needs of its polynomial: 256 entries each. */
export interface RabinTables {
  /** What a byte weighs when it is the oldest in the window. */
  readonly out: BigUint64Array
  /** What takes away the 8 bits that a step moves above the degree. */
  readonly mod: BigUint64Array
  /** `out` one step later, so that removing a byte need not wait for the digest. */
  readonly outNext: BigUint64Array
}

export const windowBytes = 64

export function rabinTables(polynomial: bigint): RabinTables {
  const shifted = (byte: number, bits: number): bigint => modulo(BigInt(byte) << BigInt(bits), polynomial)
  const table = (entry: (byte: number) => bigint): BigUint64Array =>
    BigUint64Array.from({ length: 256 }, (_, byte) => entry(byte))
  return {
    out: table(byte => shifted(byte, 8 * (windowBytes - 1))),
    mod: table(byte => shifted(byte, polynomialDegree) | (BigInt(byte) << BigInt(polynomialDegree))),
    outNext: table(byte => shifted(byte, 8 * windowBytes)),
  }
}
