import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStorage } from './location.ts'

describe('openStorage', () => {
  it('takes a path, relative or absolute, also with "local:" in front', () => {
    expect(openStorage('/mnt/vault').location).toBe('/mnt/vault')
    expect(openStorage('vault').location).toBe(path.resolve('vault'))
    expect(openStorage('local:/mnt/vault').location).toBe('/mnt/vault')
    expect(openStorage('./a:b').location).toBe(path.resolve('a:b'))
  })

  it("takes restic's URLs, and never shows a password", () => {
    expect(openStorage('rest:http://ann:secret@host:8000/x').location).toBe('rest:http://ann@host:8000/x/')
  })

  it.each(['azure:bucket:/x', 'https://x', 'S3:x'])('refuses %s, which it cannot reach', location => {
    expect(() => openStorage(location)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })

  it.each(['', 'local:', '\0'])('refuses %j', location => {
    expect(() => openStorage(location)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  })
})
