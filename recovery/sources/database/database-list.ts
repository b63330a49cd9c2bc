import type { DatabaseFacts } from '../../../contract/manifest.ts'
import type { Row } from '../../drivers/postgres/postgres-access.ts'

/** What pg_database says of a database: everything that CREATE DATABASE must be told. */
export type DatabaseProperties = Omit<
  DatabaseFacts,
  'extensions' | 'tables' | 'sequences' | 'largeObjects' | 'objects' | 'settings' | 'dump'
>

// Columns that came with 15, 16 and 17 are read through JSON: an absent one is NULL there instead of an error.
const listSql = `
  SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
         pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
         coalesce(j.row ->> 'datlocprovider', 'c') AS provider,
         coalesce(j.row ->> 'datlocale', j.row ->> 'daticulocale') AS icu_locale, j.row ->> 'daticurules' AS icu_rules,
         d.datconnlimit AS connection_limit, d.datistemplate AS is_template, d.datallowconn AS allows_connections,
         pg_catalog.pg_database_size(d.oid) AS size
  FROM pg_catalog.pg_database d, LATERAL (SELECT pg_catalog.to_jsonb(d) AS row) j
  WHERE d.datname <> 'template0'
  ORDER BY d.oid`

/** Every database but template0, which is the same everywhere; `ask` asks any database of the server. */
export async function listDatabases(ask: (sql: string) => Promise<readonly Row[]>): Promise<DatabaseProperties[]> {
  return (await ask(listSql)).map(propertiesOf)
}

const propertiesOf = (row: Row): DatabaseProperties => ({
  name: row['name'] ?? '',
  owner: row['owner'] ?? '',
  encoding: row['encoding'] ?? '',
  collate: row['collate'] ?? '',
  ctype: row['ctype'] ?? '',
  provider: row['provider'] ?? 'c',
  icuLocale: row['icu_locale'] ?? null,
  icuRules: row['icu_rules'] ?? null,
  connectionLimit: Number(row['connection_limit']),
  isTemplate: row['is_template'] === 't',
  allowsConnections: row['allows_connections'] === 't',
  sizeBytes: Number(row['size']),
})

// An interrupted DROP DATABASE leaves this mark: the server itself refuses connections then.
const brokenLimit = -2

/** What an interrupted DROP DATABASE left: nobody can have anything of it any more. */
export const isWreck = ({ connectionLimit }: DatabaseProperties): boolean => connectionLimit === brokenLimit

/** Why a database cannot be captured, or undefined. */
export function obstacleOf(database: DatabaseProperties): string | undefined {
  if (isWreck(database)) return 'it is what an interrupted DROP DATABASE left behind'
  return database.allowsConnections ? undefined : 'it does not allow connections'
}
