import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { RecoveryError } from '../../../domain/errors.ts'
import type { Run } from '../../../domain/run.ts'
import { readTar } from '../../docker/tar.ts'
import { askClient, connect, disconnect, dropConnection } from '../connect.ts'
import type { ConnectionSettings } from '../connection-settings.ts'
import type { BaseBackup } from '../postgres-access.ts'
import type { Ask } from '../server-questions.ts'
import { BackupQuery, type BackupStart } from './backup-query.ts'
import { baseBackupCommand, hasTaggedCopy, oldestServer } from './command.ts'

export interface BaseBackupOptions {
  /** The server's, for people. */
  readonly name: string
  readonly applicationName: string
  /** How long to wait for the connection. */
  readonly timeoutMs?: number
  /** Asks the server that answered whether it is the one that is meant; rejects when it is not. */
  readonly check?: (ask: Ask) => Promise<void>
}

/**
 * Starts a base backup over a session of its own, which ends with the backup. A `replication=database` session passes the
 * ordinary line of pg_hba.conf, so the server needs no change. Whoever stops reading the archives stops the backup.
 */
export async function startBaseBackup(
  settings: ConnectionSettings,
  options: BaseBackupOptions,
  run: Run,
): Promise<BaseBackup> {
  const { name, applicationName, timeoutMs } = options
  const how = { applicationName, signal: run.signal, replication: true, ...(timeoutMs ? { timeoutMs } : {}) }
  const client = await connect(settings, how)
  const explain = (error: unknown) => explained(name, error, run)
  try {
    const version = await checkedVersion(client, name)
    await options.check?.(sql => askClient(client, sql))
    await holdWal(client)
    const query = new BackupQuery(baseBackupCommand(version, 'aidatavault'), hasTaggedCopy(version), explain)
    client.on('notice', notice => void (notice.severity === 'WARNING' && query.noticed(notice.message ?? '')))
    client.on('end', () => query.fail(undefined))
    client.query(query)
    const start = await query.started.promise
    return running(client, query, start)
  } catch (error) {
    dropConnection(client)
    throw explain(error)
  }
}

function running(client: pg.Client, query: BackupQuery, start: BackupStart): BaseBackup {
  const finished = query.ended.promise.then(
    async end => {
      await disconnect(client)
      return { startLsn: start.startLsn, timeline: start.timeline, ...end }
    },
    (error: unknown) => {
      dropConnection(client)
      throw error
    },
  )
  finished.catch(() => {})
  return {
    tablespaces: start.spaces.filter(({ oid }) => oid !== ''),
    archives: archivesOf(query, start, client),
    finished,
  }
}

async function* archivesOf(
  query: BackupQuery,
  start: BackupStart,
  client: pg.Client,
): BaseBackup['archives'] & AsyncGenerator {
  let whole = false
  try {
    for (;;) {
      const item = await query.items.next()
      if (!item) break
      if (item.kind !== 'archive') throw new RecoveryError('tool-failed', 'an archive was not read to its end')
      yield { oid: start.spaces[item.index]?.oid ?? '', entries: readTar(archiveBytes(query)) }
    }
    whole = true
  } finally {
    if (!whole) dropConnection(client)
  }
}

async function* archiveBytes(query: BackupQuery): AsyncGenerator<Uint8Array> {
  for (;;) {
    const item = await query.items.next()
    if (item?.kind !== 'bytes') return
    yield item.bytes
  }
}

async function checkedVersion(client: pg.Client, name: string): Promise<number> {
  const [row] = await askClient(client, `SELECT pg_catalog.current_setting('server_version_num') AS version`)
  const version = Number(row?.['version'])
  if (version >= oldestServer) return version
  throw new RecoveryError('bad-input', `PostgreSQL ${name} is older than 13: it cannot be captured physically`, {
    hint: 'set method: logical in aidatavault.yml',
  })
}

/**
 * A slot that lasts as long as the session keeps the WAL since now: a busy server would recycle it during a long backup,
 * which then failed at its end. Where no slot is free, the backup is tried without.
 */
async function holdWal(client: pg.Client): Promise<void> {
  const slot = `aidatavault_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  await client.query(`SELECT pg_catalog.pg_create_physical_replication_slot('${slot}', true, true)`).catch(() => {})
}

function explained(name: string, error: unknown, run: Run): unknown {
  if (error instanceof RecoveryError) return error
  if (run.signal.aborted) return new RecoveryError('interrupted', `the base backup of PostgreSQL ${name} was stopped`)
  const what =
    error instanceof pg.DatabaseError
      ? `PostgreSQL ${name} refused the base backup: ${error.message}`
      : `the connection to PostgreSQL ${name} broke during its base backup`
  return new RecoveryError('tool-failed', what, { cause: error })
}
