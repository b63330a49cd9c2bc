import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import type { TableName } from './database-content.ts'
import type { Ask } from './database-facts.ts'

/** A table as COPY and LOCK name it. */
export interface SurveyedTable extends TableName {
  readonly quoted: string
  /** Has rows of its own: no parent of partitions. */
  readonly holdsRows: boolean
  /** Columns that rows are copied with: none that is computed. Name and type, by name. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

export const quotedTable = ({ schema, name }: TableName): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`

const listed = (tables: readonly TableName[]): string =>
  tables.map(({ schema, name }) => `(${quoteLiteral(schema)}, ${quoteLiteral(name)})`).join(', ')

/** These tables and all of their partitions, as far as they are there. */
export async function surveyTables(ask: Ask, tables: readonly TableName[]): Promise<SurveyedTable[]> {
  if (tables.length === 0) return []
  const rows = await ask(`
    WITH RECURSIVE wanted AS (
      SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (n.nspname, c.relname) IN (${listed(tables)}) AND c.relkind IN ('r', 'p')
      UNION SELECT i.inhrelid FROM wanted w JOIN pg_inherits i ON i.inhparent = w.oid
        JOIN pg_class child ON child.oid = i.inhrelid WHERE child.relispartition)
    SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'r' AS holds,
           coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
                    ORDER BY a.attname) FILTER (WHERE a.attname IS NOT NULL), '[]') AS columns
    FROM wanted JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY n.nspname, c.relname, c.relkind, c.oid ORDER BY c.oid`)
  return rows.map(row => {
    const table = { schema: row['schema'] ?? '', name: row['name'] ?? '' }
    const columns = JSON.parse(row['columns'] ?? '[]') as SurveyedTable['columns']
    return { ...table, quoted: quotedTable(table), holdsRows: row['holds'] === 't', columns }
  })
}

/** A foreign key that begins or ends at one of some tables. */
export interface ForeignKey {
  readonly name: string
  /** Quoted, with schemas. */
  readonly child: string
  readonly parent: string
  /** A query that finds a row without its counterpart. */
  readonly orphans: string
  /** ALTER TABLE … ADD CONSTRAINT … */
  readonly make: string
}

/** Every foreign key of these tables, both ways. */
export async function foreignKeys(ask: Ask, tables: readonly TableName[]): Promise<ForeignKey[]> {
  if (tables.length === 0) return []
  const rows = await ask(`
    WITH wanted AS (
      SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (n.nspname, c.relname) IN (${listed(tables)}))
    SELECT k.conname AS name, k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent,
           string_agg(format('c.%I IS NOT NULL', ca.attname), CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END
                      ORDER BY u.place) AS filled,
           string_agg(format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, o.space, o.oprname, ca.attname), ' AND '
                      ORDER BY u.place) AS matches,
           pg_get_constraintdef(k.oid) AS definition
    FROM pg_constraint k,
         unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY AS u(child, parent, operator, place),
         LATERAL (SELECT oprname, nspname AS space FROM pg_operator JOIN pg_namespace n ON n.oid = oprnamespace
                  WHERE pg_operator.oid = u.operator) AS o,
         pg_attribute ca, pg_attribute pa
    WHERE k.contype = 'f' AND k.conparentid = 0
      AND (k.conrelid IN (SELECT oid FROM wanted) OR k.confrelid IN (SELECT oid FROM wanted))
      AND ca.attrelid = k.conrelid AND ca.attnum = u.child AND pa.attrelid = k.confrelid AND pa.attnum = u.parent
    GROUP BY k.oid, k.conname, k.conrelid, k.confrelid, k.confmatchtype ORDER BY k.oid`)
  return rows.map(({ name, child, parent, filled, matches, definition }) => ({
    ...{ name: name ?? '', child: child ?? '', parent: parent ?? '' },
    orphans: `SELECT FROM ${child} c WHERE (${filled}) AND NOT EXISTS (SELECT FROM ${parent} p WHERE ${matches})`,
    make: `ALTER TABLE ${child} ADD CONSTRAINT ${quoteIdentifier(name ?? '')} ${definition}`,
  }))
}

/** A view or trigger that has to do with a table. */
export interface Dependent {
  readonly kind: 'view' | 'trigger'
  readonly schema: string
  readonly name: string
  readonly table: string
}

/** Views that read these tables, directly or by others, and the user's triggers on them. */
export async function dependentsOf(ask: Ask, tables: readonly TableName[]): Promise<Dependent[]> {
  if (tables.length === 0) return []
  const rows = await ask(`
    WITH RECURSIVE wanted AS (
      SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (n.nspname, c.relname) IN (${listed(tables)})),
    reading(oid, source) AS (
      SELECT r.ev_class, w.oid FROM wanted w JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = w.oid
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid WHERE r.ev_class <> w.oid
      UNION SELECT r.ev_class, v.source FROM reading v JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass
        AND d.refobjid = v.oid JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        WHERE r.ev_class <> v.oid)
    SELECT DISTINCT 'view' AS kind, n.nspname AS schema, c.relname AS name, v.source::regclass::text AS table
      FROM reading v JOIN pg_class c ON c.oid = v.oid AND c.relkind IN ('v', 'm') JOIN pg_namespace n ON n.oid = c.relnamespace
    UNION ALL SELECT 'trigger', '', t.tgname, t.tgrelid::regclass::text FROM pg_trigger t JOIN wanted w ON w.oid = t.tgrelid
      WHERE NOT t.tgisinternal
    ORDER BY 1, 2, 3`)
  return rows.map(row => ({
    kind: row['kind'] === 'view' ? 'view' : 'trigger',
    ...{ schema: row['schema'] ?? '', name: row['name'] ?? '', table: row['table'] ?? '' },
  }))
}

/** Sequences that belong to columns of these tables, and which way they go. */
export async function ownedSequences(
  ask: Ask,
  tables: readonly TableName[],
): Promise<(TableName & { readonly ascending: boolean })[]> {
  if (tables.length === 0) return []
  const rows = await ask(`
    SELECT n.nspname AS schema, s.relname AS name, q.seqincrement > 0 AS ascending
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid
    JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_class t ON t.oid = d.refobjid
    JOIN pg_namespace tn ON tn.oid = t.relnamespace
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND (tn.nspname, t.relname) IN (${listed(tables)})`)
  return rows.map(row => ({
    ...{ schema: row['schema'] ?? '', name: row['name'] ?? '', ascending: row['ascending'] === 't' },
  }))
}
