import type { ServerFacts } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { Row } from './postgres-access.ts'

/** Asks one database; the run is bound already. */
export type Ask = (sql: string) => Promise<readonly Row[]>

const serverFactsSql = `
  SELECT pg_catalog.current_setting('server_version_num') AS version,
         pg_catalog.current_setting('server_version') AS version_text,
         (pg_catalog.pg_control_system()).system_identifier AS system_identifier,
         pg_catalog.current_setting('data_directory') AS data_directory,
         pg_catalog.current_setting('data_checksums') AS data_checksums`

/** What the server says of itself. */
export async function askServerFacts(ask: Ask): Promise<ServerFacts> {
  const row = (await ask(serverFactsSql))[0] ?? {}
  return {
    version: Number(row['version']),
    versionText: row['version_text'] ?? '',
    systemIdentifier: row['system_identifier'] ?? '',
    dataDirectory: row['data_directory'] ?? '',
    dataChecksums: row['data_checksums'] === 'on',
  }
}

const ownRoleSql = `
  SELECT rolname AS name, rolsuper AS superuser FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER`

/** The role a session works as. */
export async function askOwnRole(ask: Ask): Promise<{ readonly name: string; readonly superuser: boolean }> {
  const row = (await ask(ownRoleSql))[0] ?? {}
  return { name: row['name'] ?? '', superuser: row['superuser'] === 't' }
}

/** Only a superuser sees every row, role and object: anything less would capture less without a word. */
export const noSuperuser = (server: string, user: string): RecoveryError =>
  new RecoveryError('database-unreachable', `PostgreSQL ${server} was reached as ${user}, who is no superuser`, {
    hint: `name one in aidatavault.yml: databases.${server}.user`,
  })

const homesSql = `
  SELECT datname AS name FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit <> -2
  ORDER BY datname = 'postgres' DESC, datname = 'template1' DESC, oid`

/** A database that takes connections, other than `not`. */
export async function askHome(ask: Ask, not?: string): Promise<string> {
  const home = (await ask(homesSql)).find(({ name }) => name !== not)?.['name']
  if (home) return home
  throw new RecoveryError('database-unreachable', 'the server has no second database to work from', {
    hint: 'make one with: CREATE DATABASE postgres',
  })
}

/** Whether it can be captured physically: 13 or newer, with WAL for it and room for its sender. */
export async function canStream(ask: Ask): Promise<boolean> {
  const [row] = await ask(`
    SELECT pg_catalog.current_setting('wal_level') <> 'minimal'
       AND pg_catalog.current_setting('max_wal_senders')::int > 0
       AND pg_catalog.current_setting('server_version_num')::int >= 130000 AS can`)
  return row?.['can'] === 't'
}
