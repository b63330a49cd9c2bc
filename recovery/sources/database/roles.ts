import type { Ask } from './database-facts.ts'

// PostgreSQL's own roles begin with pg_ and are everywhere.
const rolesSql = `
  SELECT oid, rolname AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY oid`

/** In the order of their creation: the first is the one that initdb made, the bootstrap superuser. */
export async function roleNames(ask: Ask): Promise<string[]> {
  return (await listRoles(ask)).map(({ name }) => name)
}

/**
 * With what tells them apart for sure: a role's name is kept as bytes, and a database of another encoding than the one it
 * was made in reads it as another name.
 */
export async function listRoles(ask: Ask): Promise<{ oid: string; name: string }[]> {
  return (await ask(rolesSql)).map(({ oid, name }) => ({ oid: oid ?? '', name: name ?? '' }))
}
