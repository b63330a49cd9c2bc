import { describe, expect, it } from 'vitest'
import { parseJson } from './json.ts'
import { JsonObject } from './json-object.ts'
import { zeroTime } from './time.ts'

const object = (text: string): JsonObject =>
  new JsonObject(parseJson(Buffer.from(text), 'it'), 'it', new Set(['x', 'y']))
const damage = expect.objectContaining({ code: 'vault-damaged' })

describe('a field', () => {
  it.each(['{}', '{"x":null}', '{"X":null}', '{"z":1}'])('has its zero value in %s', text => {
    const it = object(text)
    expect([it.text('x'), it.flag('x'), it.uint('x'), it.bigUint('x'), it.bytes('x'), it.texts('x')]).toEqual([
      '',
      false,
      0,
      0n,
      Buffer.alloc(0),
      [],
    ])
    expect([it.list('x'), it.id('x'), it.raw('x'), it.time('x')]).toEqual([undefined, undefined, undefined, zeroTime])
  })

  it('is found whatever the case of its name, and the last one counts', () => {
    expect(object('{"X":1}').uint('x')).toBe(1)
    expect(object('{"x":1,"X":2}').uint('x')).toBe(2)
    expect(object('{"X":2,"x":1}').uint('x')).toBe(1)
    expect(object('{"x":2,"X":null}').uint('x')).toBe(2)
    expect(object('{"x":1,"x":3}').uint('x')).toBe(3)
  })

  it.each([
    ['text', ['1', 'true', '[]', '{}']],
    ['flag', ['1', '"true"', '[]']],
    ['uint', ['-1', '1.5', '1e3', '4294967296', '"1"', 'true', '-0', '99999999999999999999']],
    ['bigUint', ['-1', '18446744073709551616', '1e3', '1.0', '"1"']],
    ['bytes', ['"A"', '"AAA"', '"AA=A"', '"A-_="', '1', '"AAAA "']],
    ['list', ['{}', '"a"', '1']],
    ['texts', ['[1]', '[[]]', '"a"', '{}']],
    ['id', ['""', '"00"', '1', `"${'g'.repeat(64)}"`, `"${'0'.repeat(65)}"`]],
    ['time', ['""', '1', '"2024-01-02"']],
  ] as const)('that should be %s is refused if it is something else', (method, values) => {
    for (const text of values) expect(() => object(`{"x":${text}}`)[method]('x')).toThrow(damage)
  })

  it('keeps the largest numbers exact', () => {
    expect(object('{"x":18446744073709551615}').bigUint('x')).toBe(2n ** 64n - 1n)
    expect(object('{"x":4294967295}').uint('x')).toBe(4294967295)
  })

  it('that is an id is made lower-case', () => {
    expect(object(`{"x":"${'AB'.repeat(32)}"}`).id('x')).toBe('ab'.repeat(32))
  })

  it('of the name __proto__ does no harm', () => {
    expect(object('{"__proto__":{"x":1}}').uint('x')).toBe(0)
    expect(object('{"X":1,"__PROTO__":{"y":1}}').uint('y')).toBe(0)
  })
})

it.each(['[]', 'null', '1', '"{}"'])('%s is no object', text => expect(() => object(text)).toThrow(damage))
