import { expect, it } from 'vitest'
import { idOf } from './id.ts'
import { isPrintable } from './printable.ts'

// The hash pins which ones they are. It was taken when restic 0.18.0 wrote the same names as we, so a newer Node whose
// Unicode knows more characters shows here, before its trees stop deduplicating.
it('exactly the same characters are printable as in the Unicode 15 of restic 0.18', () => {
  const beyondAscii = Array.from({ length: 0x110000 - 0x80 }, (_, at) => at + 0x80)
  const printable = beyondAscii.filter(code => isPrintable(String.fromCodePoint(code)))
  expect(printable.length).toBe(148_903)
  expect(idOf(Buffer.from(printable.join()))).toBe('1f4a035dafecb1b65692b1a1e334f5c0c493f60853ed25189be4aa3aa62cb0c0')
})

it('of ASCII, everything is printable but the control characters', () => {
  const printable = Array.from({ length: 128 }, (_, code) => String.fromCodePoint(code)).filter(isPrintable)
  expect(printable).toEqual(Array.from({ length: 95 }, (_, at) => String.fromCodePoint(0x20 + at)))
})

it('a character that came after Unicode 15 is not', () => {
  expect(isPrintable('\u{1fadf}')).toBe(false)
  expect(isPrintable('\u{1fae0}')).toBe(true)
})
