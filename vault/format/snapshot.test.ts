import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSnapshot, parseSnapshot, type SnapshotContent } from './snapshot.ts'
import { anyId } from './testing/arbitraries.ts'

const id = 'cd'.repeat(32)
const tree = 'ab'.repeat(32)
const damage = expect.objectContaining({ code: 'vault-damaged' })
const parse = (json: string) => parseSnapshot(id, Buffer.from(json))
const zoneBefore = process.env['TZ']
beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin'
})
afterAll(() => {
  if (zoneBefore === undefined) delete process.env['TZ']
  else process.env['TZ'] = zoneBefore
})

const small = {
  time: new Date('2026-07-01T10:00:00.5Z'),
  tree,
  paths: ['/a b', '/<ä>'],
  hostname: 'h',
  username: '',
  tags: [],
  programVersion: '',
}
const summary = {
  backupStart: new Date(0),
  backupEnd: new Date(1),
  filesNew: 1,
  filesChanged: 2,
  filesUnmodified: 3,
  dirsNew: 4,
  dirsChanged: 5,
  dirsUnmodified: 6,
  dataBlobs: 7,
  treeBlobs: 8,
  dataAdded: 9,
  dataAddedPacked: 10,
  totalFilesProcessed: 11,
  totalBytesProcessed: 2 ** 50,
}

describe('a snapshot', () => {
  it('is written with the fields of restic in their order, empty ones left out', () => {
    expect(encodeSnapshot(small).toString()).toBe(
      `{"time":"2026-07-01T12:00:00.5+02:00","tree":"${tree}","paths":["/a b","/\\u003cä\\u003e"],"hostname":"h"}`,
    )
    const full: SnapshotContent = {
      ...small,
      parent: id,
      username: 'u',
      uid: 1,
      gid: 2,
      excludes: ['*.o'],
      tags: ['t'],
      original: id,
      programVersion: 'x 1',
      summary,
    }
    expect(encodeSnapshot(full).toString()).toBe(
      `{"time":"2026-07-01T12:00:00.5+02:00","parent":"${id}","tree":"${tree}","paths":["/a b","/\\u003cä\\u003e"],"hostname":"h",` +
        `"username":"u","uid":1,"gid":2,"excludes":["*.o"],"tags":["t"],"original":"${id}","program_version":"x 1",` +
        '"summary":{"backup_start":"1970-01-01T01:00:00+01:00","backup_end":"1970-01-01T01:00:00.001+01:00","files_new":1,' +
        '"files_changed":2,"files_unmodified":3,"dirs_new":4,"dirs_changed":5,"dirs_unmodified":6,"data_blobs":7,"tree_blobs":8,' +
        '"data_added":9,"data_added_packed":10,"total_files_processed":11,"total_bytes_processed":1125899906842624}}',
    )
    expect(parse(encodeSnapshot(full).toString())).toEqual({ ...full, id, utcOffset: 120 })
  })

  it('comes back as it was', () => {
    const text = fc.string({ unit: 'binary' })
    const date = fc.date({
      min: new Date('0002-01-01T00:00:00Z'),
      max: new Date('9998-01-01T00:00:00Z'),
      noInvalidDate: true,
    })
    const uint = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    const any = fc.record(
      {
        time: date,
        utcOffset: fc.integer({ min: -23 * 60, max: 23 * 60 }),
        tree: anyId,
        paths: fc.array(text),
        hostname: text,
        username: text,
        uid: uint,
        gid: uint,
        excludes: fc.array(text),
        tags: fc.array(text),
        programVersion: text,
        parent: anyId,
        original: anyId,
        summary: fc.constant(summary),
      },
      {
        requiredKeys: [
          'time',
          'utcOffset',
          'tree',
          'paths',
          'hostname',
          'username',
          'uid',
          'gid',
          'excludes',
          'tags',
          'programVersion',
        ],
      },
    )
    fc.assert(
      fc.property(any, snapshot => {
        expect(parse(encodeSnapshot(snapshot).toString())).toEqual({ ...snapshot, id })
      }),
    )
  })

  it.each(['{"tree":null}', '{}', `{"tree":"${'0'.repeat(64)}"}`])(
    'without a tree, as %s, is refused: restic would crash',
    json => {
      expect(() => parse(json)).toThrow(damage)
    },
  )

  it('cannot be written without a tree', () => {
    expect(() => encodeSnapshot({ ...small, tree: '0'.repeat(64) })).toThrow(TypeError)
  })

  it('may lack paths and have fields of other programs', () => {
    expect(
      parse(`{"time":"2024-01-02T03:04:05.1234567891Z","tree":"${tree}","paths":null,"label":"x","delete":"Never"}`),
    ).toMatchObject({
      time: new Date('2024-01-02T03:04:05.123Z'),
      paths: [],
      tags: [],
      hostname: '',
      programVersion: '',
    })
  })

  it.each([
    '"time":"2024-01-02T03:04:05+0000"',
    '"tags":"t"',
    '"uid":-1',
    '"paths":[1]',
    '"parent":"x"',
    '"summary":[]',
    '"summary":{"files_new":"1"}',
  ])('with %s is refused, as restic refuses it', field =>
    expect(() => parse(`{"tree":"${tree}",${field}}`)).toThrow(damage),
  )
})
