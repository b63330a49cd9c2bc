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
  const out = remainders(8 * (windowBytes - 1), polynomial)
  const outNext = remainders(8 * windowBytes, polynomial)
  const mod = remainders(polynomialDegree, polynomial).map(
    (rest, byte) => rest | (BigInt(byte) << BigInt(polynomialDegree)),
  )
  return { out, mod, outNext }
}

/** Of each byte times x^`shift`; adding is XOR, so those of the eight bits suffice. */
function remainders(shift: number, polynomial: bigint): BigUint64Array {
  const ofBit = Array.from({ length: 8 }, (_, bit) => modulo(1n << BigInt(shift + bit), polynomial))
  return BigUint64Array.from({ length: 256 }, (_, byte) =>
    ofBit.reduce((sum, rest, bit) => (byte & (1 << bit) ? sum ^ rest : sum), 0n),
  )
}
