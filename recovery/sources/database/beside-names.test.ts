import fc from 'fast-check'
import { expect, it } from 'vitest'
import { besideName, oldName } from './beside-names.ts'

const at = new Date(2026, 10, 23, 18, 6)

it('names what it makes and keeps after the database and the time', () => {
  expect(besideName('app', '1a2b3c4d')).toBe('app_restore_1a2b3c4d')
  expect(oldName('app', at, new Set())).toBe('app_old_20261123_1806')
})

it('gives no name twice', () => {
  expect(oldName('app', at, new Set(['app_old_20261123_1806']))).toBe('app_old_20261123_1806_2')
})

it('keeps every name within what PostgreSQL takes, and no half character in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }), database => {
      for (const name of [besideName(database, '1a2b3c4d'), oldName(database, at, new Set())]) {
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
        expect(name.endsWith('_restore_1a2b3c4d') || name.endsWith('_old_20261123_1806')).toBe(true)
        expect(Buffer.from(name).toString('utf8')).toBe(name)
      }
    }),
  )
})
