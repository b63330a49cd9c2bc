import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { below, foldersAbove, fromText, isIn, onDisk, readable, toBytes } from './byte-path.ts'

describe('a byte path', () => {
  it('keeps every byte of a name', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect([...toBytes(Buffer.from(bytes).toString('latin1'))]).toEqual([...bytes])
      }),
    )
  })

  it('lies on disk where its bytes say', () => {
    expect(onDisk('/root', fromText('ä/b'))).toEqual(Buffer.from('/root/ä/b'))
    expect(onDisk('/root', '')).toEqual(Buffer.from('/root'))
  })

  it('is shown as text where it is text, and escaped where it is not, always on one line', () => {
    expect(readable(fromText('grün.txt'))).toBe('grün.txt')
    expect(readable('gr\xfcn')).toBe('gr\\xfcn')
    expect(readable('a\nb')).toBe('a\\x0ab')
    fc.assert(fc.property(fc.uint8Array(), bytes => !/[\n\r\0]/.test(readable(Buffer.from(bytes).toString('latin1')))))
  })

  it('knows the folders above it', () => {
    expect(foldersAbove('a/b/c')).toEqual(['a', 'a/b'])
    expect(foldersAbove('a')).toEqual([])
  })

  it('is below a root or outside of it', () => {
    expect(below('/p', '/p/a/b')).toBe('a/b')
    expect(below('/p', '/p')).toBe('')
    expect(below('/p', '/p/..x')).toBe('..x')
    expect(below('/p', '/pq/a')).toBeUndefined()
    expect(below('/p', '/')).toBeUndefined()
  })

  it('is in a folder by whole names', () => {
    expect(isIn('a', 'a/b')).toBe(true)
    expect(isIn('a', 'ab')).toBe(false)
    expect(isIn('', 'ab')).toBe(true)
  })
})
