import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { quoteIdentifier } from '../../drivers/postgres/sql-text.ts'
import { parseGlobals } from '../database/globals-script.ts'
import { isAbout } from '../database/missing-roles.ts'
import { together } from '../database/restore-work.ts'
import { roleNames } from '../database/roles.ts'
import type { InspectedDump } from './inspect-dump.ts'
import type { DatabaseOfScript } from './script-facts.ts'

/**
 * Makes the roles that a dump names and the server lacks. A dump of a whole server knows their passwords and memberships;
 * one of a database alone does not: then nobody can log in as them, and it is said. No role becomes superuser by this.
 */
export async function makeRolesOfDump(
  { globals }: InspectedDump,
  { roles }: DatabaseOfScript,
  access: PostgresAccess,
  home: string,
  run: Run,
): Promise<readonly string[]> {
  const present = new Set(await roleNames(sql => access.query(home, sql, run)))
  const missing = [...roles].filter(role => !present.has(role))
  if (missing.length === 0) return []
  const known = new Set([...present, ...missing])
  const about = parseGlobals(globals).attributes.filter(statement => isAbout(statement, missing, known))
  const created = missing.map(role => `CREATE ROLE ${quoteIdentifier(role)} NOLOGIN`)
  await access.execute(
    home,
    `${together([...created, ...about.map(harmless)]).join(';\n')};\n`,
    { oneTransaction: false },
    run,
  )
  for (const role of missing)
    if (!about.some(statement => statement.startsWith('ALTER ROLE')))
      run.report({
        kind: 'warning',
        text: `role ${role} was missing and is made, without login: the dump does not know its password; ALTER ROLE ${quoteIdentifier(role)} LOGIN PASSWORD … lets it in`,
      })
  return missing
}

/** A file gives nobody power over the server. */
const harmless = (statement: string): string =>
  statement.startsWith('ALTER ROLE')
    ? statement.replaceAll(/ (SUPERUSER|REPLICATION|BYPASSRLS|CREATEROLE)(?= )/g, ' NO$1')
    : statement
