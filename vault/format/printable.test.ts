import { expect, it } from 'vitest'
import { idOf } from './id.ts'
import { isPrintable } from './printable.ts'

it('exactly as many characters are printable as in the Unicode 15 of restic 0.18', () => {
  let count = 0
  for (let codePoint = 0x80; codePoint <= 0x10ffff; codePoint++)
    if (isPrintable(String.fromCodePoint(codePoint))) count++
  expect(count).toBe(148_903)
})

it('of ASCII, everything is printable but the control characters', () => {
  const printable = Array.from({ length: 128 }, (_, code) => String.fromCodePoint(code)).filter(isPrintable)
  expect(printable).toEqual(Array.from({ length: 95 }, (_, at) => String.fromCodePoint(0x20 + at)))
})

it('a character that came after Unicode 15 is not', () => {
  expect(isPrintable('\u{1fadf}')).toBe(false)
  expect(isPrintable('\u{1fae0}')).toBe(true)
})
