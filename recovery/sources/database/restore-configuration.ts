import { messageOf } from '../../domain/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { configurationFile } from './configuration.ts'
import { isPlaceBound, listNames, missingLibraries, preload, warn } from './configuration-rules.ts'
import { readText } from './read-text.ts'
import { restoreFiles } from './restore-configuration-files.ts'
import { askServer, tellServer, type RestoreWork } from './restore-work.ts'

/**
 * Brings back what of the server's configuration lay in its data directory, and so is in no dump and in no file of the
 * project: the files that were edited there, and the settings made by ALTER SYSTEM. What could keep the server from
 * starting, or make it write into the original's archive, is told of instead.
 */
export async function restoreConfiguration(work: RestoreWork): Promise<void> {
  await work.access.reading(work.run, async () => {
    await restoreFiles(work)
    await restoreSettings(work)
    await askServer(work, 'SELECT pg_catalog.pg_reload_conf() AS reloaded')
  })
  // In a session that is new: one that was there learns of new settings a moment later.
  const waiting = await askServer(work, 'SELECT name FROM pg_catalog.pg_settings WHERE pending_restart')
  if (waiting.length > 0) warn(work, `${waiting.map(({ name }) => name).join(', ')} apply after its next restart`)
}

async function restoreSettings(work: RestoreWork): Promise<void> {
  const path = configurationFile(work.facts.name, `${work.facts.server.dataDirectory}/postgresql.auto.conf`)
  if (!(await work.reader.exists(path))) return
  for (const { name, value } of parseAutoConf(await readText(work.reader, path)))
    await restoreSetting(work, name, value)
}

/** The server writes one `name = 'value'` a line, quotes doubled. */
export function parseAutoConf(text: string): { readonly name: string; readonly value: string }[] {
  return text.split('\n').flatMap(line => {
    const found = /^([\w.]+)\s*=\s*'((?:[^']|'')*)'\s*$/.exec(line.trim())
    return found ? [{ name: found[1] ?? '', value: (found[2] ?? '').replaceAll("''", "'") }] : []
  })
}

async function restoreSetting(work: RestoreWork, name: string, value: string): Promise<void> {
  if (isPlaceBound(name)) return warn(work, `${name} was set by ALTER SYSTEM and is left as the new server has it`)
  const lacking = name === preload ? await missingLibraries(work, value) : []
  if (lacking.length > 0) return warn(work, `${preload} is left: the image lacks ${lacking.join(', ')}`)
  await tellServer(work, [alterSystem(name, value)]).catch((error: unknown) => {
    if (work.run.signal.aborted) throw error
    warn(work, `${name} could not be set: ${messageOf(error)}`)
  })
}

/** A list is given as a list; as one text it would become one name. */
const alterSystem = (name: string, value: string): string => {
  const values = name.endsWith('_libraries') && value !== '' ? listNames(value) : [value]
  return `ALTER SYSTEM SET ${name.includes('.') ? name : quoteIdentifier(name)} TO ${values.map(quoteLiteral).join(', ')}`
}
