import type { FileEntry } from '../../../domain/file-entry.ts'
import { messageOf, RecoveryError } from '../../../domain/errors.ts'
import type { Run } from '../../../domain/run.ts'
import { readTar } from '../../docker/tar.ts'
import { outgoing, type StartClient } from '../client-programs.ts'
import type { BaseBackup } from '../postgres-access.ts'
import { backupRange, parseBackupManifest } from './manifest.ts'

const manifestName = 'backup_manifest'

// One archive with everything goes to stdout: the WAL that the backup needs, the manifest at its end. No tablespace can.
const program = [
  ...['pg_basebackup', '--pgdata=-', '--format=tar', '--wal-method=fetch', '--checkpoint=fast', '--no-password'],
  ...['--manifest-checksums=SHA256', '--label=aidatavault'],
]

/**
 * A base backup by the server's own `pg_basebackup`, where no session from here reaches it. `release` is called when it is
 * over, however it ends. Rejects late: the first entry tells whether it could be started.
 */
export function baseBackupByProgram(start: StartClient, release: () => Promise<void>, run: Run): BaseBackup {
  const { bytes, finished } = outgoing(start(program, run))
  const manifest = Promise.withResolvers<Uint8Array>()
  manifest.promise.catch(() => {})
  const ended = ending(manifest.promise, finished).finally(release)
  ended.catch(() => {})
  return {
    tablespaces: [],
    archives: oneArchive(withoutManifest(readTar(bytes), manifest)),
    finished: ended,
  }
}

async function* oneArchive(entries: AsyncIterable<FileEntry>): BaseBackup['archives'] & AsyncGenerator {
  await Promise.resolve()
  yield { oid: '', entries }
}

/** The manifest is the end of the backup, and none of its files. */
async function* withoutManifest(
  entries: AsyncIterable<FileEntry>,
  manifest: PromiseWithResolvers<Uint8Array>,
): AsyncGenerator<FileEntry> {
  try {
    for await (const entry of entries) {
      if (Buffer.from(entry.path).toString() !== manifestName) yield entry
      else manifest.resolve(await collect(entry))
    }
    manifest.reject(new RecoveryError('tool-failed', 'the base backup ended before it was whole'))
  } catch (error) {
    manifest.reject(error)
    throw error
  } finally {
    // Nobody reads any further.
    manifest.reject(new RecoveryError('tool-failed', 'the base backup was not read to its end'))
  }
}

async function collect({ bytes }: FileEntry): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes ?? []) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

async function ending(
  manifest: Promise<Uint8Array>,
  finished: Promise<void>,
): Promise<Awaited<BaseBackup['finished']>> {
  const corrupt = await finished.then(() => [], corruptPages)
  const bytes = await manifest
  return { ...backupRange(parseBackupManifest(bytes)), manifest: bytes, corrupt }
}

/** The program sends all pages, good and bad, and fails in the end: that backup is kept, and what was said of it. */
function corruptPages(error: unknown): readonly string[] {
  const said = messageOf(error)
  if (!said.includes('checksum error occurred')) throw error
  return said.split('\n').filter(line => /checksum/.test(line))
}
