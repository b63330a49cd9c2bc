import type { Row } from '../../drivers/postgres/postgres-access.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'

type Ask = (sql: string) => Promise<readonly Row[]>

const placeholder = '%DATABASE%'

/** The statements for another database of this name. */
export const settingsFor = (database: string, settings: readonly string[]): string[] =>
  settings.map(statement => statement.replaceAll(placeholder, () => quoteIdentifier(database)))

/**
 * What belongs to a database and is in no dump without `--create`: its comment, its settings (also per role), its
 * privileges, labels and tablespace, as SQL for the database that '%DATABASE%' stands for. `ask` asks that database.
 */
export async function readDatabaseSettings(ask: Ask): Promise<string[]> {
  return [
    ...(await ask(tablespaceSql)).map(setTablespace),
    ...(await ask(commentSql)).map(({ comment }) => `COMMENT ON DATABASE ${placeholder} IS ${literal(comment)};`),
    ...(await ask(labelSql)).map(setLabel),
    ...(await ask(parameterSql)).map(setParameter),
    ...grants(await ask(ownAclSql), await ask(aclSql)),
  ]
}

/** A tablespace is set before there is data to move, and outside of a transaction. */
export const isTablespaceSetting = (statement: string): boolean =>
  statement.startsWith(`ALTER DATABASE ${placeholder} SET TABLESPACE `)

const own = 'd.datname = current_database()'
const tablespaceSql = `
  SELECT s.spcname AS name FROM pg_database d JOIN pg_tablespace s ON s.oid = d.dattablespace
  WHERE ${own} AND s.spcname <> 'pg_default'`
const commentSql = `
  SELECT c.description AS comment FROM pg_database d JOIN pg_shdescription c
  ON c.classoid = 'pg_database'::regclass AND c.objoid = d.oid WHERE ${own}`
const labelSql = `
  SELECT l.provider, l.label FROM pg_database d JOIN pg_shseclabel l
  ON l.classoid = 'pg_database'::regclass AND l.objoid = d.oid WHERE ${own} ORDER BY 1`
const parameterSql = `
  SELECT CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END AS role,
         split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value
  FROM pg_database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid,
       unnest(s.setconfig) WITH ORDINALITY AS one(setting, place)
  WHERE ${own} ORDER BY s.setrole, place`
const ownAclSql = `
  SELECT pg_get_userbyid(d.datdba) AS owner FROM pg_database d WHERE ${own} AND d.datacl IS NOT NULL`
const aclSql = `
  SELECT pg_get_userbyid(a.grantor) AS grantor, CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END AS grantee,
         a.privilege_type AS privilege, a.is_grantable AS grantable
  FROM pg_database d, aclexplode(d.datacl) WITH ORDINALITY
       AS a(grantor, grantee, privilege_type, is_grantable, place)
  WHERE ${own} ORDER BY a.grantor <> d.datdba, place`

/** Texts and names must not be taken for the placeholder. */
const literal = (text: string | null | undefined): string => {
  const quoted = quoteLiteral(text ?? '').trim()
  if (!quoted.includes(placeholder)) return quoted
  const escaped = quoted.startsWith('E') ? quoted : `E${quoted}`
  return escaped.replaceAll(placeholder, '\\x25DATABASE%')
}
const identifier = (name: string | null | undefined): string => {
  const quoted = quoteIdentifier(name ?? '')
  if (!quoted.includes(placeholder)) return quoted
  return `U&${quoted.replaceAll('\\', '\\\\').replaceAll(placeholder, '\\0025DATABASE%')}`
}

const setTablespace = ({ name }: Row) => `ALTER DATABASE ${placeholder} SET TABLESPACE ${identifier(name)};`
const setLabel = ({ provider, label }: Row) =>
  `SECURITY LABEL FOR ${identifier(provider)} ON DATABASE ${placeholder} IS ${literal(label)};`

function setParameter({ role, name, value }: Row): string {
  const whose = role === null ? `DATABASE ${placeholder}` : `ROLE ${identifier(role)} IN DATABASE ${placeholder}`
  return `ALTER ${whose} SET ${identifier(name)} TO ${parameterValue(name ?? '', value ?? '')};`
}

// Their values are lists of quoted names; as one literal they would become one name.
const listParameters = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'temp_tablespaces',
])

function parameterValue(name: string, value: string): string {
  if (!listParameters.has(name.toLowerCase())) return literal(value)
  const names = [...value.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]+?))\s*(?:,|$)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  )
  return names.length === 0 ? literal('') : names.map(literal).join(', ')
}

/** From a new database's default privileges to these: all are taken away, then given, the owner's own grants first. */
function grants(ownAcl: readonly Row[], acl: readonly Row[]): string[] {
  const owner = ownAcl[0]?.['owner']
  if (!owner) return []
  const revoked = ['PUBLIC', identifier(owner)].map(who => `REVOKE ALL ON DATABASE ${placeholder} FROM ${who};`)
  return [...revoked, ...acl.flatMap(row => grant(row, owner))]
}

function grant({ grantor, grantee, privilege, grantable }: Row, owner: string): string[] {
  const to = grantee === null ? 'PUBLIC' : identifier(grantee)
  const option = grantable === 't' ? ' WITH GRANT OPTION' : ''
  const statement = `GRANT ${privilege} ON DATABASE ${placeholder} TO ${to}${option};`
  if (grantor === owner) return [statement]
  return [`SET SESSION AUTHORIZATION ${identifier(grantor)};`, statement, 'RESET SESSION AUTHORIZATION;']
}
