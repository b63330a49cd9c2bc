import type { DatabaseFacts } from '../../../contract/manifest.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'

/** What CREATE DATABASE is told. */
export type NewDatabase = Pick<
  DatabaseFacts,
  'owner' | 'encoding' | 'collate' | 'ctype' | 'provider' | 'icuLocale' | 'icuRules'
>

/**
 * From template0, the only template that takes any encoding and locale. Nobody but superusers is let in: connections are
 * limited to none until it is whole.
 */
export function createDatabaseSql(name: string, facts: NewDatabase, serverVersion: number): string {
  return [
    `CREATE DATABASE ${quoteIdentifier(name)} WITH TEMPLATE template0 OWNER ${quoteIdentifier(facts.owner)}`,
    `ENCODING ${text(facts.encoding)} LC_COLLATE ${text(facts.collate)} LC_CTYPE ${text(facts.ctype)}`,
    ...(serverVersion >= 150_000 ? provider(facts) : []),
    'CONNECTION LIMIT 0',
  ].join(' ')
}

const text = (value: string): string => quoteLiteral(value).trim()

function provider({ provider: kind, icuLocale, icuRules }: NewDatabase): string[] {
  const locale = text(icuLocale ?? '')
  if (kind === 'i')
    return [`LOCALE_PROVIDER icu ICU_LOCALE ${locale}`, ...(icuRules ? [`ICU_RULES ${text(icuRules)}`] : [])]
  return kind === 'b' ? [`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${locale}`] : ['LOCALE_PROVIDER libc']
}
