import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactInteger, parseJson } from './json.ts'

const parse = (text: string): unknown => parseJson(Buffer.from(text), 'it')
const value = (text: string): unknown => (parse(`{"x":${text}}`) as { readonly x: unknown }).x

describe('numbers', () => {
  it('are exact up to the largest inode, in objects, lists and between blanks', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), number => {
        expect(exactInteger(value(String(number)))).toBe(number)
        expect(exactInteger((parse(`[1, ${number}]`) as unknown[])[1])).toBe(number)
        expect(exactInteger(value(` \n\t${number} `))).toBe(number)
      }),
    )
  })

  it.each(['1e3', '1.0', '-0', '0.5', '1E3', '9007199254740993.0', '100000000000000000000000'])(
    'such as %s are no integers',
    text => {
      expect(exactInteger(value(text))).toBeUndefined()
    },
  )

  it('are read as usual where they are small', () => {
    expect(value('[0,1,-1,999999999999999]')).toEqual([0, 1, -1, 999_999_999_999_999])
  })
})

describe('documents', () => {
  it('are read as by every JSON parser', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), document => {
        expect(JSON.stringify(parse(JSON.stringify(document)))).toBe(JSON.stringify(document))
      }),
    )
  })

  it.each(['', '{', '{}x', '[1,]', '\ufeff{}', "{'a':1}", 'nul', '{"a":01}'])("such as '%s' are refused", text => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'vault-damaged' }))
  })
})
