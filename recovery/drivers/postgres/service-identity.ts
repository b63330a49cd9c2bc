import type { Row } from './postgres-access.ts'

// Two servers can have one system identifier, as copies of each other; they never started at the same microsecond.
/** What tells a server from every other one. Any role may ask. */
export const identitySql = `
  SELECT (pg_catalog.pg_control_system()).system_identifier::text AS system,
         extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS started`

export const isSameServer = (one: Row | undefined, other: Row | undefined): boolean =>
  one !== undefined && one['system'] === other?.['system'] && one['started'] === other?.['started']
