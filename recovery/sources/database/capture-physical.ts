import type { DatabaseFacts, DatabaseServer } from '../../../contract/manifest.ts'
import { databaseBlockBytes } from '../../domain/point-content.ts'
import type { BaseBackup } from '../../drivers/postgres/postgres-access.ts'
import { BackupCheck } from './backup-check.ts'
import type { CaptureWork } from './capture-work.ts'
import type { DatabaseProperties } from './database-list.ts'
import { during } from './failures.ts'
import { basePath, tablespacePath } from './point-paths.ts'
import { settledFacts, surveyDatabases } from './survey.ts'

export interface PhysicalCapture {
  readonly physical: NonNullable<DatabaseServer['physical']>
  readonly databases: DatabaseFacts[]
}

interface Saved {
  files: number
  bytes: number
}

/**
 * The data directory and its tablespaces as files, from a base backup that starts by itself. What the databases hold is
 * read before and after; what did not change in between is what the backup holds.
 */
export async function capturePhysical(
  work: CaptureWork,
  systemIdentifier: string,
  databases: readonly DatabaseProperties[],
): Promise<PhysicalCapture> {
  const { server, access, run } = work
  const before = await surveyDatabases(access, databases, run)
  const what = `the data directory of PostgreSQL ${server}`
  const physical = await during(what, 'capture-failed', async () =>
    saveBackup(work, systemIdentifier, await access.baseBackup(run)),
  )
  return { physical, databases: settledFacts(before, await surveyDatabases(access, databases, run)) }
}

async function saveBackup(
  { server, writer, run }: CaptureWork,
  systemIdentifier: string,
  backup: BaseBackup,
): Promise<PhysicalCapture['physical']> {
  const check = new BackupCheck(systemIdentifier)
  const saved: Saved = { files: 0, bytes: 0 }
  for await (const { oid, entries } of backup.archives) {
    const part =
      oid === ''
        ? { path: basePath(server), ...check.dataDirectory(entries, backup.finished) }
        : { path: tablespacePath(server, oid), ...check.tablespace(oid, entries) }
    const { files, bytes } = await writer.save({ kind: 'entries', blockBytes: databaseBlockBytes, ...part })
    saved.files += files
    saved.bytes += bytes
  }
  const { startLsn, timeline, endLsn, corrupt } = await backup.finished
  for (const text of corrupt) run.report({ kind: 'warning', text: `PostgreSQL ${server} has corrupt pages: ${text}` })
  const tablespaces = backup.tablespaces.map(space => ({ ...space, inPoint: tablespacePath(server, space.oid) }))
  return { inPoint: basePath(server), startLsn, endLsn, timeline, ...saved, tablespaces, corrupt: [...corrupt] }
}
