import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainName, joinPath, printablePath, splitPath } from './path.ts'

const bytes = (text: string) => Buffer.from(text)
const plainName = fc.uint8Array({ minLength: 1, maxLength: 20 }).filter(isPlainName)

describe('paths as bytes', () => {
  it('are taken apart and joined again whatever the names are', () => {
    fc.assert(
      fc.property(fc.array(plainName, { maxLength: 8 }), names => {
        const path = names.reduce<Buffer>(joinPath, Buffer.alloc(0))
        expect(splitPath(path)).toEqual(names.map(name => Buffer.from(name)))
      }),
    )
  })

  it('do not mind slashes too many', () => {
    expect(splitPath(bytes('//a/./b//'))).toEqual([bytes('a'), bytes('.'), bytes('b')])
    expect(joinPath(bytes('/'), bytes('a'))).toEqual(bytes('/a'))
    expect(joinPath(bytes('/a/'), bytes('b'))).toEqual(bytes('/a/b'))
    expect(joinPath(bytes('/a'), bytes(''))).toEqual(bytes('/a'))
  })
})

describe('the name of an entry', () => {
  it('leads nowhere else', () => {
    for (const name of ['', '.', '..', '/', 'a/b', '../x', '/etc', 'a\0b', '\0'])
      expect(isPlainName(bytes(name))).toBe(false)
    for (const name of ['a', '...', '..a', '.a', ' ', '\n', '\\']) expect(isPlainName(bytes(name))).toBe(true)
  })
})

describe('a path in a message', () => {
  it('is text where it is text', () => {
    expect(printablePath(bytes('/srv/größe/\u{1f600} x'))).toBe('/srv/größe/\u{1f600} x')
  })

  it('cannot move the cursor, break the line or turn the writing round', () => {
    expect(printablePath(bytes('a\nb\x1b[2J\u202e'))).toBe('a\\x0ab\\x1b[2J\\xe2\\x80\\xae')
    expect(printablePath(Buffer.from([0x61, 0xff, 0x0a]))).toBe('a\\xff\\x0a')
    fc.assert(
      fc.property(fc.uint8Array(), path => {
        expect(printablePath(path)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
      }),
    )
  })
})
