import type { Check } from '../../domain/check.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'

// All of it is taken back at the end: the database keeps nothing of the check. Where the extension cannot be made, as when
// the image lacks it, there is nothing to check with.
const script = `
BEGIN;
SET LOCAL client_min_messages = error;
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'amcheck') THEN
    CREATE SCHEMA aidatavault_check;
    CREATE EXTENSION amcheck SCHEMA aidatavault_check;
  END IF;
EXCEPTION WHEN OTHERS THEN NULL;
END $$;
DO $$
DECLARE
  place text;
  index record;
BEGIN
  SELECT pg_catalog.quote_ident(n.nspname) INTO place FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck';
  IF place IS NULL THEN RETURN; END IF;
  FOR index IN
    SELECT c.oid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am a ON a.oid = c.relam JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND c.relpersistence = 'p' AND n.nspname !~ '^pg_toast'
  LOOP
    EXECUTE pg_catalog.format('SELECT %s.bt_index_check($1)', place) USING index.oid::regclass;
  END LOOP;
END $$;
ROLLBACK;
`

/** Every B-tree of a new database is looked through by amcheck, where the server has it. Rejects with tool-failed at a bad one. */
export async function checkIndexes(access: PostgresAccess, database: string, run: Run): Promise<void> {
  await access.execute(database, script, { oneTransaction: false }, run)
}

const unsoundSql = `
  SELECT c.oid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace::regnamespace::text !~ '^pg_'`

/** A new database has no index that is not whole. */
export async function checkValidity(
  what: string,
  ask: (sql: string) => Promise<readonly Readonly<Record<string, string | null>>[]>,
): Promise<Check> {
  const names = (await ask(unsoundSql)).map(({ name }) => name)
  const detail = names.length === 0 ? 'all' : `not whole: ${names.join(', ')}`
  return { what: `${what}: indexes are whole`, ok: names.length === 0, detail }
}
