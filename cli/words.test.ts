import { describe, expect, it } from 'vitest'
import { agoText, durationText, plural, sizeText, table } from './words.ts'

describe('what people read', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
    [3000 * 1024 ** 4, '3000.0 TiB'],
  ])('says %d bytes as %s', (bytes, text) => expect(sizeText(bytes)).toBe(text))

  it.each([
    [950, '950 ms'],
    [1500, '1.5 s'],
    [61_500, '1 min 2 s'],
  ])('says %d milliseconds as %s', (ms, text) => expect(durationText(ms)).toBe(text))

  it.each([
    [0, '0 seconds ago'],
    [61, '1 minute ago'],
    [7200, '2 hours ago'],
    [86_400 * 3, '3 days ago'],
  ])('says what was %d seconds ago', (seconds, text) => {
    expect(agoText(new Date(0), new Date(seconds * 1000))).toBe(text)
  })

  it('counts', () => expect([plural(1, 'file'), plural(2, 'file')]).toEqual(['1 file', '2 files']))

  it('aligns columns', () =>
    expect(
      table([
        ['a', 'bb', 'c'],
        ['aaa', 'b', 'cc'],
      ]),
    ).toBe('a    bb  c\naaa  b   cc'))
})
