import { messageOf } from '../../domain/errors.ts'
import { quoteLiteral } from '../../drivers/postgres/sql-text.ts'
import { configurationFile } from './configuration.ts'
import { missingLibraries, parseConfiguration, preload, reachesOut, warn } from './configuration-rules.ts'
import { readWhole } from './read-text.ts'
import { askServer, tellServer, type RestoreWork } from './restore-work.ts'

// Settings made by ALTER SYSTEM are made again one by one, each checked by the server.
const ownOfTheServer = 'postgresql.auto.conf'

/** A file that the original had in its data directory and the new server has not, or has otherwise. */
interface ChangedFile {
  readonly name: string
  /** On the new server. */
  readonly path: string
  readonly before: Buffer | undefined
  readonly content: Buffer
}

/**
 * Lays the configuration files that lay in the data directory, all or none: the server itself writes them and judges them,
 * and where it finds fault, it gets its own back. Between major versions they are not alike: then they are only told of.
 */
export async function restoreFiles(work: RestoreWork): Promise<void> {
  const changed = await changedFiles(work)
  if (changed.length === 0) return
  const fault = (await foreseenFault(work, changed)) ?? (await layOrLayBack(work, changed))
  if (fault === undefined) return
  const names = changed.map(({ name }) => name).join(', ')
  warn(work, `${names} of the original ${changed.length === 1 ? 'is' : 'are'} in the point and not laid: ${fault}`)
}

/** With these a server would do harm, or not start again, and would not say so before. */
async function foreseenFault(work: RestoreWork, changed: readonly ChangedFile[]): Promise<string | undefined> {
  if (Math.floor(work.version / 10_000) !== Math.floor(work.facts.server.version / 10_000))
    return 'the server is of another version'
  const file = changed.find(({ name }) => name === 'postgresql.conf')
  const settings = parseConfiguration(file?.content.toString('utf8') ?? '')
  const reaching = [...settings].find(([name, value]) => reachesOut(name) && !['', 'off'].includes(value))
  if (reaching) return `${reaching[0]} would make it work on what is the original's`
  const missing = await missingLibraries(work, settings.get(preload) ?? '')
  return missing.length > 0 ? `the image lacks ${missing.join(', ')}` : undefined
}

async function layOrLayBack(work: RestoreWork, changed: readonly ChangedFile[]): Promise<string | undefined> {
  try {
    for (const { path, content } of changed) await writeOnServer(work, path, content)
    const fault = await foundFault(work)
    if (fault !== undefined) await layBack(work, changed)
    return fault
  } catch (error) {
    if (work.run.signal.aborted) throw error
    await layBack(work, changed)
    return messageOf(error)
  }
}

async function changedFiles(work: RestoreWork): Promise<ChangedFile[]> {
  const { facts, reader } = work
  const folder = configurationFile(facts.name, facts.server.dataDirectory)
  if (!(await reader.exists(folder))) return []
  const names: string[] = []
  for await (const { type, path } of reader.entries(folder))
    if (type === 'file') names.push(Buffer.from(path).toString('utf8'))
  const changed: ChangedFile[] = []
  for (const name of names.filter(name => name !== ownOfTheServer && /^\w[\w.-]*$/.test(name))) {
    const content = await readWhole(reader, `${folder}/${name}`)
    const { path, before } = await onServer(work, name)
    if (!before?.equals(content)) changed.push({ name, path, before, content })
  }
  return changed
}

async function onServer(work: RestoreWork, name: string): Promise<Pick<ChangedFile, 'path' | 'before'>> {
  const [row] = await askServer(
    work,
    `SELECT path, encode(pg_read_binary_file(path, 0, 10000000, true), 'base64') AS content
     FROM (SELECT current_setting('data_directory') || '/' || ${quoteLiteral(name)} AS path) AS one`,
  )
  const content = row?.['content']
  return { path: row?.['path'] ?? '', before: typeof content === 'string' ? Buffer.from(content, 'base64') : undefined }
}

/** Through a large object, which alone the server writes to a file byte for byte. */
async function writeOnServer(work: RestoreWork, path: string, content: Buffer): Promise<void> {
  const body = `DECLARE id oid := lo_from_bytea(0, decode('${content.toString('base64')}', 'base64'));
    BEGIN PERFORM lo_export(id, ${quoteLiteral(path)}); PERFORM lo_unlink(id); END`
  await tellServer(work, [`DO $configuration$ ${body} $configuration$`])
}

async function layBack(work: RestoreWork, changed: readonly ChangedFile[]): Promise<void> {
  for (const { path, before } of changed) if (before) await writeOnServer(work, path, before)
}

/** What the server has against its files as they are now. Of a setting that needs a restart it says no more than that. */
async function foundFault(work: RestoreWork): Promise<string | undefined> {
  const [row] = await askServer(
    work,
    `SELECT f.name || ': ' || f.error AS error FROM pg_file_settings f LEFT JOIN pg_settings s ON lower(s.name) = lower(f.name)
     WHERE f.error IS NOT NULL AND (s.context IS DISTINCT FROM 'postmaster' OR f.error <> 'setting could not be applied')
     UNION ALL SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL`,
  )
  return row ? (row['error'] ?? 'the server finds fault with it') : undefined
}
