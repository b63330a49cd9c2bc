import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import type { Ask } from './database-facts.ts'

// A setting of the database's own: it goes along when the database gets its name, in the server's own log.
const mark = 'aidatavault.restored'

/** Marks a database as brought back whole; `token` says which content it is. */
export const markStatement = (database: string, token: string): string =>
  `ALTER DATABASE ${quoteIdentifier(database)} SET ${mark} = ${quoteLiteral(token).trim()}`

export const unmarkStatement = (database: string): string => `ALTER DATABASE ${quoteIdentifier(database)} RESET ${mark}`

/** Whether a statement of a database's settings makes a mark. */
export const isMark = (statement: string): boolean => statement.includes(quoteIdentifier(mark))

/** The tokens of marked databases, by name. */
export async function readMarks(ask: Ask): Promise<Map<string, string>> {
  const rows = await ask(`
    SELECT d.datname AS name, substr(setting, ${mark.length + 2}) AS token
    FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,
         unnest(s.setconfig) AS setting
    WHERE s.setrole = 0 AND setting LIKE '${mark}=%'`)
  return new Map(rows.map(({ name, token }) => [name ?? '', token ?? '']))
}
