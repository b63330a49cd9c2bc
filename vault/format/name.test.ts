import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeGoString } from './go-string.ts'
import { quoteName, unquoteName } from './name.ts'
import { anyBytes } from './testing/arbitraries.ts'

const damage = expect.objectContaining({ code: 'vault-damaged' })

// Written by restic 0.18.0: the JSON text of a name (without quotes) and the raw name.
const written: readonly (readonly [string, Buffer])[] = [
  [String.raw`html\u003c\u003e\u0026\\u2028\\u2029x`, Buffer.from('html<>&\u2028\u2029x')],
  [String.raw`ctl\\x01\\a\\b\\f\\n\\r\\t\\v\\x7f\\x1b`, Buffer.from('ctl\x01\x07\b\f\n\r\t\v\x7f\x1b')],
  [
    String.raw`bad\\xff\\xfe\\xc3(utf\\xed\\xa0\\x80end\\xf0\\x9f\\x98`,
    Buffer.from('626164fffec328757466eda080656e64f09f98', 'hex'),
  ],
  [
    String.raw`nbsp\\u00a0zw\\u200bshy\\u00adbom\\ufeffpua\\ue000` + String.raw`ideo\\u3000tag\\U000e0001`,
    Buffer.from('nbsp\u00a0zw\u200bshy\u00adbom\ufeffpua\ue000ideo\u3000tag\u{e0001}'),
  ],
  [String.raw`a\\\"b\\\\c\u003c\\n\\xff`, Buffer.from('6122625c633c0aff', 'hex')],
]

describe('the name of an entry', () => {
  it.each(written)('is written as restic writes it: %s', (json, raw) => {
    expect(encodeGoString(quoteName(raw))).toBe(`"${json}"`)
    expect(unquoteName(JSON.parse(`"${json}"`) as string)).toEqual(raw)
  })

  it.each(['ä', '日本', '😀', "it's", '`', '\ufffd', '½', 'e\u0301'])(
    "'%s' is printable and stands for itself",
    text => {
      expect(quoteName(Buffer.from(text))).toBe(text)
    },
  )

  it('comes back as it was, whatever its bytes', () => {
    fc.assert(
      fc.property(anyBytes(60), raw => {
        expect(unquoteName(quoteName(raw))).toEqual(raw)
      }),
      { numRuns: 2000 },
    )
    for (let first = 0; first < 256; first++)
      for (let second = 0; second < 256; second++) {
        const raw = Buffer.of(first, second)
        if (!unquoteName(quoteName(raw)).equals(raw)) expect.unreachable(`${first} ${second}`)
      }
  })

  it('comes back as it was, whatever its characters', () => {
    for (let codePoint = 0x80; codePoint <= 0x10ffff; codePoint += 7) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue
      const raw = Buffer.from(String.fromCodePoint(codePoint))
      if (!unquoteName(quoteName(raw)).equals(raw)) expect.unreachable(codePoint.toString(16))
    }
  })

  it.each([
    [String.raw`\101`, 'A'],
    [String.raw`\u00e4`, 'ä'],
    [String.raw`\U0001f600`, '😀'],
    ['raw\ttab', 'raw\ttab'],
  ])('is read in every form that Go knows: %s', (quoted, raw) => expect(unquoteName(quoted).toString()).toBe(raw))

  it.each([
    '\\q',
    '\\',
    '\\x',
    '\\xg0',
    '\\400',
    '\\18',
    '\\u12',
    '\\ud800',
    '\\U00110000',
    '\\Uffffffff',
    "\\'",
    'a"b',
    'a\nb',
  ])("is refused where Go refuses it: '%s'", quoted => expect(() => unquoteName(quoted)).toThrow(damage))
})
