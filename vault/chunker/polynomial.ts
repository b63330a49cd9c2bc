import { randomBytes } from 'node:crypto'
import { damaged } from '../format/damaged.ts'

// Polynomials over GF(2) as bigints, bit i the coefficient of x^i. Each repository cuts by one of its own, irreducible
// and of degree 53, so that chunk sizes do not tell an onlooker which files are in it.

export const polynomialDegree = 53

/** -1 for zero. */
export const degree = (polynomial: bigint): number => (polynomial === 0n ? -1 : polynomial.toString(2).length - 1)

/** The remainder of a division. */
export function modulo(dividend: bigint, divisor: bigint): bigint {
  const size = degree(divisor)
  for (let excess = degree(dividend) - size; excess >= 0; excess = degree(dividend) - size)
    dividend ^= divisor << BigInt(excess)
  return dividend
}

function multiplyModulo(a: bigint, b: bigint, modulus: bigint): bigint {
  let product = 0n
  for (; b > 0n; b >>= 1n) {
    if (b & 1n) product ^= a
    a = modulo(a << 1n, modulus)
  }
  return product
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, modulo(a, b)]
  return a
}

/** Ben-Or's test. */
export function isIrreducible(polynomial: bigint): boolean {
  const x = 2n
  let power = x
  for (let i = 1; i <= degree(polynomial) >> 1; i++) {
    power = multiplyModulo(power, power, polynomial)
    if (greatestCommonDivisor(polynomial, power ^ x) !== 1n) return false
  }
  return degree(polynomial) > 0
}

/** A new irreducible polynomial of degree 53. `random` gives random bytes: eight for every try, of which about one in 27 succeeds. */
export function randomPolynomial(random: (length: number) => Buffer = randomBytes): bigint {
  for (;;) {
    const candidate = (random(8).readBigUInt64LE() & ((1n << 53n) - 1n)) | (1n << 53n) | 1n
    if (isIrreducible(candidate)) return candidate
  }
}

/** From hex digits without prefix, as the config has it. Anything but an irreducible polynomial of degree 53 is damaged. */
export function parsePolynomial(text: string): bigint {
  const polynomial = /^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`) : 0n
  if (degree(polynomial) !== polynomialDegree || !isIrreducible(polynomial))
    throw damaged('the config has an invalid chunker polynomial')
  return polynomial
}

export const encodePolynomial = (polynomial: bigint): string => polynomial.toString(16)
