import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import type { Ask } from './database-facts.ts'

/**
 * What a database of ours is in the course of a restore. restored: brought back whole, the token says which content.
 * beside: being made, the token is the restore's id. kept: put aside by a restore of that id.
 */
export type Mark = 'restored' | 'beside' | 'kept'

// A setting of the database's own: it goes along when the database gets its name, in the server's own log.
const settingOf = (mark: Mark): string => `aidatavault.${mark}`

export const markStatement = (database: string, token: string, mark: Mark = 'restored'): string =>
  `ALTER DATABASE ${quoteIdentifier(database)} SET ${settingOf(mark)} = ${quoteLiteral(token).trim()}`

export const unmarkStatement = (database: string, mark: Mark = 'restored'): string =>
  `ALTER DATABASE ${quoteIdentifier(database)} RESET ${settingOf(mark)}`

/** Whether a statement of a database's settings makes a mark. */
export const isMark = (statement: string): boolean => /"aidatavault\.(restored|beside|kept)"/.test(statement)

/** The tokens of databases with this mark, by name. */
export async function readMarks(ask: Ask, mark: Mark = 'restored'): Promise<Map<string, string>> {
  const setting = settingOf(mark)
  const rows = await ask(`
    SELECT d.datname AS name, substr(setting, ${setting.length + 2}) AS token
    FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,
         unnest(s.setconfig) AS setting
    WHERE s.setrole = 0 AND setting LIKE '${setting}=%'`)
  return new Map(rows.map(({ name, token }) => [name ?? '', token ?? '']))
}
