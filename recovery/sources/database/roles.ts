import type { Ask } from './database-facts.ts'

// PostgreSQL's own roles begin with pg_ and are everywhere.
const rolesSql = `
  SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY oid`

/** In the order of their creation: the first is the one that initdb made, the bootstrap superuser. */
export async function roleNames(ask: Ask): Promise<string[]> {
  return (await ask(rolesSql)).map(({ name }) => name ?? '')
}
