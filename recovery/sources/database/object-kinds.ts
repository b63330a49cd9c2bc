/**
 * Counts a database's own objects by kind. Left out are the system's, those that belong to an extension (its version
 * stands for them), temporary ones, and what other objects imply: internal triggers, constraints of partitions that their
 * parent made, not-null constraints (objects since 18). Schema `public` is not counted: it may be the original or a new one.
 */
export const objectKindsSql = `
  WITH member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
  space AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
  relation AS (
    SELECT c.* FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM space)
    AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)),
  counted(kind, number) AS (
    SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
           WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
           WHEN 'c' THEN 'composite type' END, count(*)
      FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') GROUP BY relkind
    UNION ALL SELECT CASE WHEN i.indisvalid THEN 'index' WHEN x.relkind = 'I' THEN 'incomplete partitioned index'
           ELSE 'invalid index' END, count(*)
      FROM pg_index i JOIN relation t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid GROUP BY 1
    UNION ALL SELECT CASE contype WHEN 'c' THEN 'check constraint' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
           WHEN 'u' THEN 'unique constraint' ELSE 'exclusion constraint' END, count(*)
      FROM pg_constraint WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conparentid = 0
      AND connamespace IN (SELECT oid FROM space) AND (conrelid = 0 OR conrelid IN (SELECT oid FROM relation))
      GROUP BY contype
    UNION ALL SELECT 'unvalidated constraint', count(*) FROM pg_constraint
      WHERE NOT convalidated AND conrelid IN (SELECT oid FROM relation)
    UNION ALL SELECT 'trigger', count(*) FROM pg_trigger
      WHERE NOT tgisinternal AND tgparentid = 0 AND tgrelid IN (SELECT oid FROM relation)
    UNION ALL SELECT 'rule', count(*) FROM pg_rewrite
      WHERE rulename <> '_RETURN' AND ev_class IN (SELECT oid FROM relation)
    UNION ALL SELECT 'policy', count(*) FROM pg_policy WHERE polrelid IN (SELECT oid FROM relation)
    UNION ALL SELECT 'table with row security', count(*) FROM relation WHERE relrowsecurity
    UNION ALL SELECT 'column default', count(*) FROM pg_attrdef d JOIN relation t ON t.oid = d.adrelid
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.adnum WHERE a.attgenerated = ''
    UNION ALL SELECT 'generated column', count(*) FROM pg_attribute a JOIN relation t ON t.oid = a.attrelid
      WHERE a.attgenerated <> '' AND NOT a.attisdropped
    UNION ALL SELECT 'identity column', count(*) FROM pg_attribute a JOIN relation t ON t.oid = a.attrelid
      WHERE a.attidentity <> '' AND NOT a.attisdropped
    UNION ALL SELECT CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, count(*)
      FROM pg_proc p WHERE pronamespace IN (SELECT oid FROM space)
      AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_proc'::regclass AND objid = p.oid) GROUP BY 1
    UNION ALL SELECT CASE typtype WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' ELSE 'base type' END,
      count(*) FROM pg_type t WHERE typtype IN ('d', 'e', 'r', 'b') AND typnamespace IN (SELECT oid FROM space)
      AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
      AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_type'::regclass AND objid = t.oid) GROUP BY 1
    UNION ALL SELECT 'schema', count(*) FROM pg_namespace n WHERE oid IN (SELECT oid FROM space) AND nspname <> 'public'
      AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_namespace'::regclass AND objid = n.oid)
    ${inSpace('operator', 'pg_operator', 'oprnamespace')}
    ${inSpace('operator class', 'pg_opclass', 'opcnamespace')}
    ${inSpace('operator family', 'pg_opfamily', 'opfnamespace')}
    ${inSpace('collation', 'pg_collation', 'collnamespace')}
    ${inSpace('conversion', 'pg_conversion', 'connamespace')}
    ${inSpace('text search configuration', 'pg_ts_config', 'cfgnamespace')}
    ${inSpace('text search dictionary', 'pg_ts_dict', 'dictnamespace')}
    ${inSpace('text search parser', 'pg_ts_parser', 'prsnamespace')}
    ${inSpace('text search template', 'pg_ts_template', 'tmplnamespace')}
    ${inSpace('statistics object', 'pg_statistic_ext', 'stxnamespace')}
    ${inDatabase('cast', 'pg_cast')}
    ${inDatabase('language', 'pg_language')}
    ${inDatabase('transform', 'pg_transform')}
    ${inDatabase('access method', 'pg_am')}
    ${inDatabase('event trigger', 'pg_event_trigger')}
    ${inDatabase('publication', 'pg_publication')}
    ${inDatabase('foreign data wrapper', 'pg_foreign_data_wrapper')}
    ${inDatabase('foreign server', 'pg_foreign_server')}
    ${inDatabase('user mapping', 'pg_user_mapping')}
    ${inDatabase('default privilege', 'pg_default_acl')}
    UNION ALL SELECT 'subscription', count(*) FROM pg_subscription
      WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'large object', count(*) FROM pg_largeobject_metadata
    UNION ALL SELECT 'published table', count(*) FROM pg_publication_rel
    UNION ALL SELECT 'comment', count(*) FROM pg_description d
      WHERE objoid >= 16384 AND classoid <> 'pg_extension'::regclass
      AND NOT EXISTS (SELECT FROM member WHERE classid = d.classoid AND objid = d.objoid)
      AND NOT EXISTS (SELECT FROM pg_class c WHERE d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
                      AND c.relpersistence = 't')
    UNION ALL SELECT 'security label', count(*) FROM pg_seclabel d
      WHERE NOT EXISTS (SELECT FROM member WHERE classid = d.classoid AND objid = d.objoid)
  )
  SELECT kind, sum(number) AS number FROM counted GROUP BY kind HAVING sum(number) > 0 ORDER BY kind`

function inSpace(kind: string, catalog: string, namespace: string): string {
  return `UNION ALL SELECT '${kind}', count(*) FROM ${catalog} o WHERE ${namespace} IN (SELECT oid FROM space)
      AND NOT EXISTS (SELECT FROM member WHERE classid = '${catalog}'::regclass AND objid = o.oid)`
}

// What initdb makes has lower oids; what a person makes never has.
function inDatabase(kind: string, catalog: string): string {
  return `UNION ALL SELECT '${kind}', count(*) FROM ${catalog} o WHERE oid >= 16384
      AND NOT EXISTS (SELECT FROM member WHERE classid = '${catalog}'::regclass AND objid = o.oid)`
}
