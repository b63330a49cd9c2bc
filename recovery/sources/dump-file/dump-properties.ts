import type { NewDatabase } from '../database/create-database.ts'

/**
 * How the dump says its database was made; undefined where it does not (as of pg_dump without --create): then it is made
 * as the one it replaces. `made`: the options of its CREATE DATABASE.
 */
export function propertiesOf(made: ReadonlyMap<string, string>, owner: string | undefined): NewDatabase | undefined {
  const encoding = made.get('encoding')
  const locale = made.get('locale')
  const collate = made.get('lc_collate') ?? locale
  const ctype = made.get('lc_ctype') ?? locale
  if (encoding === undefined || collate === undefined || ctype === undefined || owner === undefined) return undefined
  const kind = made.get('locale_provider') ?? 'libc'
  return {
    ...{ owner, encoding, collate, ctype },
    provider: kind === 'icu' ? 'i' : kind === 'builtin' ? 'b' : 'c',
    icuLocale: made.get('icu_locale') ?? made.get('builtin_locale') ?? null,
    icuRules: made.get('icu_rules') ?? null,
  }
}
