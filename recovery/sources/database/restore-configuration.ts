import { messageOf } from '../../domain/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { configurationFile } from './configuration.ts'
import { askServer, tellServer, type RestoreWork } from './restore-work.ts'

/**
 * Makes the settings again that ALTER SYSTEM had made: they lay in the data directory and are in no dump. What could keep
 * the server from starting, or make it write into the original's archive, is told of instead.
 */
export async function restoreConfiguration(work: RestoreWork): Promise<void> {
  const path = configurationFile(work.facts.name, `${work.facts.server.dataDirectory}/postgresql.auto.conf`)
  if (!(await work.reader.exists(path))) return
  const settings = parseAutoConf(await readText(work, path))
  for (const { name, value } of settings) await restoreSetting(work, name, value)
  if (settings.length === 0) return
  await askServer(work, 'SELECT pg_catalog.pg_reload_conf() AS reloaded')
  const waiting = await askServer(work, 'SELECT name FROM pg_catalog.pg_settings WHERE pending_restart')
  if (waiting.length > 0) warn(work, `${waiting.map(({ name }) => name).join(', ')} apply after its next restart`)
}

async function readText({ reader }: RestoreWork, path: string): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of reader.readFile(path)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The server writes one `name = 'value'` a line, quotes doubled. */
export function parseAutoConf(text: string): { readonly name: string; readonly value: string }[] {
  return text.split('\n').flatMap(line => {
    const found = /^([\w.]+)\s*=\s*'((?:[^']|'')*)'\s*$/.exec(line.trim())
    return found ? [{ name: found[1] ?? '', value: (found[2] ?? '').replaceAll("''", "'") }] : []
  })
}

// Files and addresses that may not be there, and another server's archive and primary.
const placeBound =
  /^(ssl|ssl_.*|.*_file|.*_directory|.*_directories|listen_addresses|port|archive_.*|restore_command|recovery_.*|primary_.*)$/
const preload = 'shared_preload_libraries'

async function restoreSetting(work: RestoreWork, name: string, value: string): Promise<void> {
  if (placeBound.test(name)) return warn(work, `${name} was set by ALTER SYSTEM and is left as the new server has it`)
  const lacking = name === preload ? await missingLibraries(work, value) : []
  if (lacking.length > 0) return warn(work, `${preload} is left: the image lacks ${lacking.join(', ')}`)
  await tellServer(work, [alterSystem(name, value)]).catch((error: unknown) => {
    if (work.run.signal.aborted) throw error
    warn(work, `${name} could not be set: ${messageOf(error)}`)
  })
}

const listNames = (value: string): string[] =>
  value
    .split(',')
    .map(name => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter(Boolean)

/** A list is given as a list; as one text it would become one name. */
const alterSystem = (name: string, value: string): string => {
  const values = name.endsWith('_libraries') && value !== '' ? listNames(value) : [value]
  return `ALTER SYSTEM SET ${name.includes('.') ? name : quoteIdentifier(name)} TO ${values.map(quoteLiteral).join(', ')}`
}

async function missingLibraries(work: RestoreWork, value: string): Promise<string[]> {
  const names = listNames(value).map(name => name.replace(/^\$libdir\//, ''))
  const rows = await askServer(
    work,
    `
    SELECT name FROM unnest(ARRAY[${names.map(quoteLiteral).join(', ')}]::text[]) AS name
    WHERE (pg_catalog.pg_stat_file(
      (SELECT setting FROM pg_catalog.pg_config WHERE name = 'PKGLIBDIR') || '/' || name || '.so', true)).size IS NULL`,
  )
  return rows.map(({ name }) => name ?? '')
}

const warn = ({ facts, run }: RestoreWork, text: string): void =>
  run.report({ kind: 'warning', text: `PostgreSQL ${facts.name}: ${text}` })
