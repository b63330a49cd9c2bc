import { RecoveryError } from '../../domain/errors.ts'
import type { Kept } from '../../journal/restore-journal.ts'
import { askServer, drop, readMarks, tellServer } from '../../sources/database/index.ts'
import { withServer } from './database-server.ts'
import type { Restoration } from './restoration.ts'

type KeptDatabase = Extract<Kept, { kind: 'database' }>

/** Drops a database that a restore kept; one that is gone, or that somebody uses again under another name, is let be. */
export async function dropKeptDatabase({ server, name }: KeptDatabase, restoration: Restoration): Promise<void> {
  if (!restoration.project.servers.some(found => found.name === server)) return
  await withServer(restoration, server, [name], async work => {
    const rows = await askServer(work, 'SELECT datname AS name, datallowconn AS open FROM pg_catalog.pg_database')
    const found = rows.find(row => row['name'] === name)
    if (!found) return
    const marks = await readMarks(sql => askServer(work, sql), 'kept')
    if (!marks.has(name) || found['open'] === 't') throw inUse(server, name)
    await tellServer(work, [drop(name)])
  })
}

const inUse = (server: string, name: string) =>
  new RecoveryError('target-mismatch', `database ${server}/${name} was opened again, so it is somebody's`, {
    hint: 'drop it yourself when it is not wanted any more',
  })
