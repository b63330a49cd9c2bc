import { describe, expect, it } from 'vitest'
import { fingerprint } from './reference.ts'
import { rabinTables } from './tables.ts'

const polynomial = 0x3da3358b4dc173n
const hex = (table: BigUint64Array): string[] => [1, 2, 0x80, 0xff].map(byte => table[byte]!.toString(16))

describe('the tables of a polynomial', () => {
  it('hold what restic computes', () => {
    const { out, mod } = rabinTables(polynomial)
    expect(hex(out)).toEqual(['17eb4232e19216', '1275b1ee8ee55f', '5b54453ea6b5c', 'b80b98cecc39a'])
    expect(hex(mod)).toEqual(['3da3358b4dc173', '46e55e9dd64395', '1012ab55b228ad4d', '1ff7ac8a5af476a7'])
  })

  it('give the fingerprints that restic computes', () => {
    const counting = Uint8Array.from({ length: 64 }, (_, at) => at)
    expect(fingerprint(counting, polynomial).toString(16)).toBe('44b76cac5cee3')
    expect(fingerprint(new Uint8Array(64).fill(1), polynomial).toString(16)).toBe('182bcd15979498')
  })
})
