import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configurationFile } from './configuration.ts'
import { dumpPath, safeName } from './point-paths.ts'

describe('the place of a database in a point', () => {
  it('bears its name, as far as a name can be one of a file', () => {
    expect(dumpPath('db', 'shop_2-test.v1')).toBe('databases/db/shop_2-test.v1.dump')
    expect(dumpPath('db', '../ü/x')).toBe('databases/db/%2E./%C3%BC%2Fx.dump'.replace('./', '.%2F'))
    expect(configurationFile('db', '/etc/pg/main/pg_hba.conf')).toBe(
      'databases/db/configuration/etc/pg/main/pg_hba.conf',
    )
  })

  it('is another one for every name, and never leads elsewhere', () => {
    const name = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(name, text => {
        expect(safeName(text)).toMatch(/^[A-Za-z0-9_%][A-Za-z0-9_%.-]*$/)
        expect(decodeURIComponent(safeName(text))).toBe(text.toWellFormed())
      }),
    )
  })
})
