import type { DatabaseFacts, DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { ApplicationLogin } from '../../project/project.ts'
import { sparingUnreadable } from './database-facts.ts'
import { isWreck, listDatabases, obstacleOf, type DatabaseProperties } from './database-list.ts'
import { superuserOf } from './restore-work.ts'
import { roleNames } from './roles.ts'
import { verifyContent } from './verify-content.ts'
import { verifyTables } from './verify-tables.ts'

/**
 * Holds a server against what the point says of it: every row of every table counted, and everything around them. Resolves
 * to one check for each thing, those that failed among them. `logins` are tried over TCP where they worked before.
 */
export async function verifyServer(
  facts: DatabaseServer,
  access: PostgresAccess,
  logins: readonly ApplicationLogin[],
  run: Run,
): Promise<Check[]> {
  return access.reading(run, () => holdAgainst(facts, access, logins, run))
}

async function holdAgainst(
  facts: DatabaseServer,
  access: PostgresAccess,
  logins: readonly ApplicationLogin[],
  run: Run,
): Promise<Check[]> {
  await superuserOf(facts, access, run)
  const home = await access.home(run)
  const present = await listDatabases(sql => access.query(home, sql, run))
  const checks = [checkRoles(facts, await roleNames(sql => access.query(home, sql, run)))]
  for (const database of facts.databases) {
    const found = present.find(({ name }) => name === database.name)
    checks.push(...(await verifyDatabase(facts, database, found, access, run)))
  }
  for (const login of logins) checks.push(await checkLogin(facts, login, access, run))
  return checks
}

function checkRoles(facts: DatabaseServer, present: readonly string[]): Check {
  const missing = facts.roles.filter(role => !present.includes(role))
  const detail = missing.length === 0 ? `${facts.roles.length} roles` : `missing: ${missing.join(', ')}`
  return { what: `roles of PostgreSQL ${facts.name}`, ok: missing.length === 0, detail }
}

async function verifyDatabase(
  facts: DatabaseServer,
  expected: DatabaseFacts,
  found: DatabaseProperties | undefined,
  access: PostgresAccess,
  run: Run,
): Promise<Check[]> {
  const what = `database ${facts.name}/${expected.name}`
  if (!found) {
    // The point says of itself that it lacks this one, and is not complete; nobody can have anything of a wreck.
    const never = isWreck(expected) || (facts.closed?.some(({ name }) => name === expected.name) ?? false)
    return [{ what, ok: never, detail: never ? 'was not in the point' : 'missing' }]
  }
  const properties = checkProperties(what, expected, found)
  if (obstacleOf(expected) || obstacleOf(found)) return [properties]
  return sparingUnreadable(unreadable =>
    access.withSnapshot(expected.name, run, async ({ query }) => [
      properties,
      ...(await verifyContent(what, expected, facts.method, query)),
      ...(await verifyTables(what, expected, unreadable, query)),
    ]),
  )
}

const compared = [
  ...(['owner', 'encoding', 'collate', 'ctype', 'provider', 'icuLocale', 'icuRules', 'connectionLimit'] as const),
  ...(['isTemplate', 'allowsConnections'] as const),
]

function checkProperties(what: string, expected: DatabaseFacts, found: DatabaseProperties): Check {
  const different = compared
    .filter(key => expected[key] !== found[key])
    .map(key => `${key} is ${found[key]}, was ${expected[key]}`)
  const locale = expected.icuLocale ?? expected.collate
  return {
    what: `${what}: owner, encoding, locale, limits`,
    ok: different.length === 0,
    detail: different.join('; ') || `${expected.owner}, ${expected.encoding}, ${locale}`,
  }
}

async function checkLogin(
  facts: DatabaseServer,
  { user, password, database, from }: ApplicationLogin,
  access: PostgresAccess,
  run: Run,
): Promise<Check> {
  const before = facts.logins.find(known => known.user === user && known.database === database && known.from === from)
  const works = await access.tryLogin({ user, password, database }, run)
  const did = before?.worked ?? true
  return {
    what: `login ${user}@${facts.name}/${database} (${from})`,
    ok: works || !did,
    detail: works ? 'works' : did ? 'is refused' : 'is refused, as it was before',
  }
}
