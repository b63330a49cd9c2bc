import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeRecord, parseRecord } from './record.ts'
import { withoutCredentials } from './remotes.ts'

const bytePath = fc
  .uint8Array({ minLength: 1 })
  .map(bytes => Buffer.from(bytes).toString('latin1').replaceAll('\0', '_'))
const number = fc.integer({ min: 0, max: 0xffffffff })
const attributes = fc.record({ mode: fc.integer({ min: 0, max: 0o7777 }), uid: number, gid: number })
const objectName = fc.constant('b'.repeat(40))

describe('the record of a work tree', () => {
  it('says the same when it is read again, whatever the names', () => {
    const records = fc.record({
      objectFormat: fc.constantFrom('sha1', 'sha256'),
      head: fc.option(objectName),
      branch: fc.option(fc.constantFrom('refs/heads/main', 'refs/heads/\xc3\xbc')),
      symbolicRefs: fc.array(fc.constant({ name: 'refs/remotes/origin/HEAD', target: 'refs/remotes/origin/main' })),
      absent: fc.array(bytePath),
      volumes: fc.array(bytePath),
      top: attributes,
      attributes: fc.array(fc.tuple(bytePath, attributes)).map(entries => new Map(entries)),
    })
    fc.assert(fc.property(records, record => void expect(parseRecord(encodeRecord(record))).toEqual(record)))
  })

  it('of another version, cut off, or with an unknown line is refused', () => {
    const good = 'version 1\0objects sha1\0head unborn refs/heads/main\0top 755 0 0\0'
    expect(parseRecord(Buffer.from(good)).branch).toBe('refs/heads/main')
    for (const bad of [
      'version 2\0',
      good.slice(0, -1),
      `${good}new thing\0`,
      'version 1\0top 755 0 0\0',
      `${good}top x\0`,
    ])
      expect(() => parseRecord(Buffer.from(bad)), bad).toThrow(/cannot be read/)
  })
})

describe('the URL of a remote', () => {
  it.each([
    ['https://ada:pass%20word@example.org:8443/x.git', 'https://example.org:8443/x.git'],
    ['https://token@example.org/x.git?private_token=abc#f', 'https://example.org/x.git'],
    ['https://a@b:c@example.org', 'https://example.org'],
    ['ssh://git:secret@example.org:22/x.git', 'ssh://git@example.org:22/x.git'],
    ['git@example.org:x/y.git', 'git@example.org:x/y.git'],
    ['../relative/path', '../relative/path'],
    ['file:///srv/x.git', 'file:///srv/x.git'],
  ])('%s is told as %s', (url, told) => expect(withoutCredentials(url)).toBe(told))
})
