import { quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { askServer, type RestoreWork } from './restore-work.ts'

export const preload = 'shared_preload_libraries'

// Another server's archive and primary, and places that need not be there.
const placeBound =
  /^(ssl|ssl_.*|.*_file|.*_directory|.*_directories|listen_addresses|port|archive_.*|restore_command|recovery_.*|primary_.*)$/

/** Whether a setting is about where the original ran, and might keep another server from starting or do harm there. */
export const isPlaceBound = (name: string): boolean => placeBound.test(name)

/** Whether a setting makes a server write into its archive, which is the original's, or follow another server. */
export const reachesOut = (name: string): boolean => /^(archive_(mode|command|library)|primary_conninfo)$/.test(name)

/** The settings in a configuration file, by name; the last of a name counts. */
export function parseConfiguration(text: string): Map<string, string> {
  const line = /^[ \t]*([A-Za-z_][\w.]*)(?:[ \t]*=[ \t]*|[ \t]+)(?:'((?:[^'\n]|'')*)'|([^\s#']+))/gm
  return new Map(
    [...text.matchAll(line)].map(([, name = '', quoted, bare]) => [
      name.toLowerCase(),
      quoted?.replaceAll("''", "'") ?? bare ?? '',
    ]),
  )
}

/** The names in a list setting such as shared_preload_libraries. */
export const listNames = (value: string): string[] =>
  value
    .split(',')
    .map(name => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter(Boolean)

/** Of the libraries in a list setting, those that the server does not have: with them it would not start. */
export async function missingLibraries(work: RestoreWork, value: string): Promise<string[]> {
  const names = listNames(value).map(name => name.replace(/^\$libdir\//, ''))
  if (names.length === 0) return []
  const rows = await askServer(
    work,
    `SELECT name FROM unnest(ARRAY[${names.map(quoteLiteral).join(', ')}]::text[]) AS name
     WHERE (pg_catalog.pg_stat_file(
       (SELECT setting FROM pg_catalog.pg_config WHERE name = 'PKGLIBDIR') || '/' || name || '.so', true)).size IS NULL`,
  )
  return rows.map(({ name }) => name ?? '')
}

export const warn = ({ facts, run }: RestoreWork, text: string): void =>
  run.report({ kind: 'warning', text: `PostgreSQL ${facts.name}: ${text}` })
