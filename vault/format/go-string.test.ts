import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeGoBytes, encodeGoString } from './go-string.ts'
import { anyBytes } from './testing/arbitraries.ts'

describe('a JSON string', () => {
  it.each([
    ['"\\/', String.raw`"\"\\/"`],
    ['\b\f\n\r\t', String.raw`"\b\f\n\r\t"`],
    ['\0\x1f\x7f', '"' + String.raw`\u0000\u001f` + '\x7f"'],
    ['<&>', String.raw`"\u003c\u0026\u003e"`],
    ['\u2028\u2029\u00a0', String.raw`"\u2028\u2029` + '\u00a0"'],
    ['ä😀\ufffd', '"ä😀\ufffd"'],
    ['\ud800x\udc00', String.raw`"\ufffdx\ufffd"`],
  ])('is escaped as Go escapes it', (text, json) => expect(encodeGoString(text)).toBe(json))

  it('means the same to every JSON parser', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(JSON.parse(encodeGoString(text))).toBe(text)
      }),
    )
  })

  it('of bytes that are no UTF-8 has a replacement for each of them', () => {
    expect(encodeGoBytes(Buffer.from('6e6ffffe73756368080c3c263e', 'hex'))).toBe(
      String.raw`"no\ufffd\ufffdsuch\b\f\u003c\u0026\u003e"`,
    )
    expect(encodeGoBytes(Buffer.from('eda080f09f98', 'hex'))).toBe(`"${'\\ufffd'.repeat(6)}"`)
  })

  it('of any bytes is valid JSON', () => {
    fc.assert(
      fc.property(anyBytes(50), bytes => {
        expect(typeof JSON.parse(encodeGoBytes(bytes))).toBe('string')
      }),
    )
  })
})
