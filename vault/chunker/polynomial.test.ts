import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { degree, encodePolynomial, isIrreducible, modulo, parsePolynomial, randomPolynomial } from './polynomial.ts'

const irreducible = [
  '3da3358b4dc173',
  '25b468838dcb75',
  '3b76e530c40657',
  '20000000000047',
  '28881b73f11e2f',
  '2f9295f2647df1',
]
const reducible = ['20000000000001', '3f9a4b0e8d3c21']

describe('a chunker polynomial', () => {
  it.each(irreducible)('%s is accepted and written as it was', text => {
    expect(encodePolynomial(parsePolynomial(text))).toBe(text)
    expect(parsePolynomial(text.toUpperCase())).toBe(parsePolynomial(text))
  })

  it.each([
    ...reducible,
    '',
    '0',
    '1',
    '7',
    `0x${irreducible[0]}`,
    '-3da3358b4dc173',
    '13da3358b4dc173',
    'zz',
    '3da3358b4dc173 ',
  ])("'%s' is refused", text =>
    expect(() => parsePolynomial(text)).toThrow(expect.objectContaining({ code: 'vault-damaged' })),
  )

  it('is found in a stream of random bytes where restic would find it', () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
    const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
    let tries = 0
    const random = (length: number): Buffer => (tries++, stream.update(Buffer.alloc(length)))
    expect([encodePolynomial(randomPolynomial(random)), tries]).toEqual(['28881b73f11e2f', 103])
    expect([encodePolynomial(randomPolynomial(random)), tries]).toEqual(['2f9295f2647df1', 112])
  })

  it('is a new one for each vault', () => {
    const [one, two] = [randomPolynomial(), randomPolynomial()]
    expect(one).not.toBe(two)
    expect(parsePolynomial(encodePolynomial(one))).toBe(one)
  })
})

describe('arithmetic over GF(2)', () => {
  const polynomial = fc.bigInt({ min: 2n, max: 2n ** 12n })
  const product = (a: bigint, b: bigint): bigint =>
    Array.from({ length: 13 }, (_, bit) => ((b >> BigInt(bit)) & 1n ? a << BigInt(bit) : 0n)).reduce(
      (sum, part) => sum ^ part,
      0n,
    )

  it('takes no product for irreducible', () => {
    fc.assert(
      fc.property(polynomial, polynomial, (a, b) => {
        expect(isIrreducible(product(a, b))).toBe(false)
      }),
    )
  })

  it('divides without remainder what was multiplied', () => {
    fc.assert(
      fc.property(polynomial, polynomial, fc.bigInt({ min: 0n, max: 2n ** 12n }), (a, b, rest) => {
        fc.pre(degree(rest) < degree(b))
        expect(modulo(product(a, b) ^ rest, b)).toBe(rest)
      }),
    )
  })
})
