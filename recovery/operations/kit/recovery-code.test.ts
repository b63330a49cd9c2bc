import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newRecoveryCode, parseRecoveryCode } from './recovery-code.ts'

describe('the recovery code', () => {
  it('is different every time and reads as it was printed', () => {
    const codes = Array.from({ length: 50 }, newRecoveryCode)
    expect(new Set(codes).size).toBe(50)
    for (const code of codes) expect(parseRecoveryCode(code)).toBe(code)
  })

  it('is taken in small letters, without dashes, with O for 0 and I or l for 1', () => {
    const code = newRecoveryCode()
    const typed = code.toLowerCase().replace(/-/g, ' ').replace(/0/g, 'o').replace(/1/g, 'l')
    expect(parseRecoveryCode(typed)).toBe(code)
  })

  it('notices a wrong character', () => {
    fc.assert(
      fc.property(fc.nat(27), fc.integer({ min: 1, max: 31 }), (place, shift) => {
        const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
        const plain = newRecoveryCode().replace(/-/g, '')
        const wrong = alphabet[(alphabet.indexOf(plain[place] ?? '') + shift) % 32] ?? ''
        expect(parseRecoveryCode(plain.slice(0, place) + wrong + plain.slice(place + 1))).toBeUndefined()
      }),
    )
  })

  it('is not mistaken for a password', () => {
    expect(parseRecoveryCode('correct horse battery staple')).toBeUndefined()
    expect(parseRecoveryCode('')).toBeUndefined()
  })
})
