import { RecoveryError } from '../../domain/errors.ts'
import type { CaptureWork } from './capture-work.ts'
import { configurationPath, safeName } from './point-paths.ts'

/**
 * The server's own files that no dump holds: its configuration with all it includes, access rules, certificates. They lie
 * in the data directory or elsewhere, so the server itself is asked for them.
 */
const filesSql = `
  WITH named AS (
    SELECT setting AS file FROM pg_settings
      WHERE name IN ('config_file', 'hba_file', 'ident_file') AND setting <> ''
    UNION SELECT sourcefile FROM pg_file_settings
    UNION SELECT current_setting('data_directory') || '/postgresql.auto.conf'
    UNION SELECT CASE WHEN setting LIKE '/%' THEN setting ELSE current_setting('data_directory') || '/' || setting END
      FROM pg_settings WHERE name IN ('ssl_cert_file', 'ssl_key_file', 'ssl_ca_file', 'ssl_crl_file') AND setting <> ''
      AND current_setting('ssl') = 'on')
  SELECT file, encode(content, 'base64') AS content
  FROM (SELECT file, pg_read_binary_file(file, 0, 10000000, true) AS content FROM named WHERE file IS NOT NULL) AS read
  WHERE content IS NOT NULL ORDER BY file`

/** Saves them under their absolute paths. Where the server does not give them, says so and goes on. */
export async function saveConfiguration({ server, access, writer, run }: CaptureWork): Promise<void> {
  const home = await access.home(run)
  const rows = await access.query(home, filesSql, run).catch((error: unknown) => {
    if (!(error instanceof RecoveryError) || error.code !== 'tool-failed') throw error
    run.report({ kind: 'warning', text: `the configuration of PostgreSQL ${server} cannot be read: ${error.message}` })
    return []
  })
  for (const { file, content } of rows) {
    const bytes = Buffer.from(content ?? '', 'base64')
    const path = configurationFile(server, file ?? '')
    await writer.save({ kind: 'stream', path, bytes: once(bytes), finished: Promise.resolve() })
  }
}

/** Where a file of the server, given by its absolute path there, lies in the point. */
export const configurationFile = (server: string, file: string): string =>
  [configurationPath(server), ...file.split('/').filter(Boolean).map(safeName)].join('/')

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
