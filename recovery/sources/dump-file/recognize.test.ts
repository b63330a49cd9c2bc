import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseArchiveHeader, versionNumber } from './archive-header.ts'
import { dumpDate } from './dump-date.ts'
import { recognize } from './recognize.ts'

const headline = '--\n-- PostgreSQL database dump\n--\n\n'

describe('what a file is', () => {
  it.each([
    ['', /empty/],
    ['<!DOCTYPE html><html></html>', /HTML/],
    ['-- MySQL dump 10.13  Distrib 8.0.36\n', /MySQL/],
    ['-- MariaDB dump 10.19\n', /MariaDB/],
    ['total 12\ndrwxr-xr-x 2 root root 4096 Oct 27 14:30 .\n', /listing/],
    ['pg_dump: error: connection to server failed: FATAL: role "x" does not exist\n', /error message/],
    ['{"a": 1}', /JSON/],
    ['SQLite format 3\0', /SQLite/],
    ['PK\u0003\u0004', /zip/],
    ['Dear diary', /text/],
    ['CREATE TABLE x (a int);\n', /not a dump that pg_dump wrote/],
    [`time="2026" level=warning msg="version is obsolete"\n${headline}`, /mixed in \(line 1\)/],
  ])('says of %j what it is instead', (text, said) => {
    expect(recognize(Buffer.from(text, 'latin1'))).toEqual({ foreign: expect.stringMatching(said) as unknown })
  })

  it('says of UTF-16 how to turn it into a dump', () => {
    const wide = Buffer.from(`\ufeff${headline}`, 'utf16le')
    expect(recognize(wide)).toEqual({ foreign: expect.stringMatching(/UTF-16/) as unknown })
    expect(recognize(wide.subarray(2))).toEqual({ foreign: expect.stringMatching(/UTF-16/) as unknown })
  })

  it.each([headline, headline.replaceAll('\n', '\r\n'), `\u00ef\u00bb\u00bf${headline}`, `\\restrict x\n${headline}`])(
    'knows a script of pg_dump: %j',
    text => {
      expect(recognize(Buffer.from(text, 'latin1'))).toEqual({ kind: 'script' })
    },
  )

  it('takes no random bytes for a dump, and fails on none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), bytes => {
        expect(recognize(Buffer.from(bytes))).toHaveProperty('foreign')
        expect(parseArchiveHeader(Buffer.from(bytes))).toBeUndefined()
        parseArchiveHeader(Buffer.concat([Buffer.from('PGDMP\u0001\u000e\0\u0004\u0008\u0001', 'latin1'), bytes]))
      }),
    )
  })

  it.each([
    ['17.10 (Debian 17.10-1)', 170010],
    ['9.6.24', 90624],
    ['18beta1', 180000],
    ['', 0],
  ])('reads version %j', (text, number) => {
    expect(versionNumber(text)).toBe(number)
  })
})

describe('when a dump was made', () => {
  const modifiedAt = new Date(5000)
  const of = (name: string, started?: string) => dumpDate({ header: undefined, name, modifiedAt }, started)

  it.each([
    ['backup_20231027_143000.sql', new Date(2023, 9, 27, 14, 30, 0)],
    ['app-2023-10-27.sql.gz', new Date(2023, 9, 27)],
    ['db.2023-10-27T14-30.dump', new Date(2023, 9, 27, 14, 30)],
  ])('reads it from the name %s', (name, at) => {
    expect(of(name)).toEqual({ at, from: 'its name' })
  })

  it.each(['backup.sql', 'backup_20231399.sql', 'v123456789.sql'])(
    'takes the time of the file where %s says nothing',
    name => {
      expect(of(name)).toEqual({ at: modifiedAt, from: 'the time of the file' })
    },
  )

  it('believes the dump itself first', () => {
    expect(of('backup_20231027_143000.sql', '2022-01-02 03:04:05 UTC')).toEqual({
      at: new Date('2022-01-02T03:04:05Z'),
      from: 'the dump',
    })
    expect(of('x', '2022-01-02 03:04:05 XYZT')).toEqual({ at: new Date(2022, 0, 2, 3, 4, 5), from: 'the dump' })
  })
})
