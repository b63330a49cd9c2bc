import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import { composeServer, type ComposeServer } from '../../sources/database/testing/compose-server.ts'
import { quietRun } from '../../sources/testing/test-project.ts'
import { parseBackupManifest } from './base-backup/manifest.ts'
import type { BaseBackup } from './postgres-access.ts'

describe.skipIf(skipsStack)('a base backup of a server in a Compose service', () => {
  const run = quietRun()
  let server: ComposeServer
  beforeAll(async () => {
    server = await composeServer(run, { user: 'boss', password: `se'c"ret\\`, database: 'shop' })
    await tell('CREATE TABLE note AS SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n')
  })
  afterAll(() => server?.end())

  const tell = (sql: string) => server.access.execute('shop', sql, { oneTransaction: false }, run)
  const ask = (sql: string) => server.access.query('shop', sql, run)
  const senders = () =>
    ask(`SELECT client_addr IS NOT NULL AS networked FROM pg_stat_activity WHERE backend_type = 'walsender'`)

  /** Whether every file that the manifest names came, as it names it, with the WAL; and whether it came over the network. */
  async function readWhole(backup: BaseBackup) {
    const seen = new Map<string, string>()
    let way: string | null | undefined
    for await (const { entries } of backup.archives)
      for await (const { path, type, bytes } of entries) {
        way ??= (await senders())[0]?.['networked']
        const hash = createHash('sha256')
        for await (const piece of bytes ?? []) hash.update(piece)
        if (type === 'file') seen.set(Buffer.from(path).toString('latin1'), hash.digest('hex'))
      }
    const end = await backup.finished
    const { files } = parseBackupManifest(end.manifest)
    const lost = [...files].filter(([path, { sha256 }]) => seen.get(path) !== sha256)
    const wal = [...seen.keys()].filter(path => path.startsWith('pg_wal/0'))
    return { lost, way, files: files.size, wal: wal.length, names: [...seen.keys()], end }
  }

  it('comes whole over the network, with its WAL, and leaves no slot', async () => {
    const found = await readWhole(await server.access.baseBackup(run))
    expect(found).toMatchObject({ lost: [], way: 't', end: { corrupt: [], timeline: 1 } })
    expect(found.wal).toBeGreaterThan(0)
    expect(found.files).toBeGreaterThan(900)
    expect(await ask('SELECT slot_name FROM pg_replication_slots')).toEqual([])
  })

  it('comes whole through the container where the data has another password, and leaves no slot', async () => {
    await tell(`ALTER ROLE boss PASSWORD 'another one'`)
    const found = await readWhole(await server.access.baseBackup(run))
    expect(found).toMatchObject({ lost: [], way: 'f', end: { corrupt: [], timeline: 1 } })
    expect(found.wal).toBeGreaterThan(0)
    expect(found.names).not.toContain('backup_manifest')
    expect(found.end.startLsn).not.toBe(found.end.endLsn)
    expect(await ask('SELECT slot_name FROM pg_replication_slots')).toEqual([])
  })

  it('ends in the container too when nobody reads it any more', async () => {
    const backup = await server.access.baseBackup(run)
    for await (const { entries } of backup.archives) {
      for await (const entry of entries) if (entry.size > 0n) break
      break
    }
    await expect(backup.finished).rejects.toThrow()
    while ((await senders()).length > 0);
    expect(await ask('SELECT slot_name FROM pg_replication_slots')).toEqual([])
  })

  it('says that tablespaces need the network, where that is closed', async () => {
    server.exec('mkdir', '--mode=0777', '/tmp/far')
    server.exec('chown', 'postgres', '/tmp/far')
    await tell(`CREATE TABLESPACE far LOCATION '/tmp/far'`)
    await expect(server.access.baseBackup(run)).rejects.toMatchObject({
      code: 'capture-failed',
      message: expect.stringMatching(/has tablespaces.*cannot be reached there.*does not let boss into/) as string,
    })
  })
})
