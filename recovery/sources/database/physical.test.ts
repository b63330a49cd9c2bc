import { chown, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import type { PointReader } from '../../domain/point-content.ts'
import { startServer } from '../../drivers/postgres/embedded.ts'
import { serverUser } from '../../drivers/postgres/embedded/system-user.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import { quietRun, warningsOf } from '../testing/test-project.ts'
import { restorePhysical, verifyServer } from './index.ts'
import { capturedPhysically, onCopy } from './testing/physical-copy.ts'
import { buildScene } from './testing/scene.ts'
import { throwawayFolder, throwawayServer, type ThrowawayServer } from './testing/throwaway-server.ts'

const run = quietRun()
let folder: string
let server: ThrowawayServer
beforeAll(async () => {
  folder = await throwawayFolder()
  server = await throwawayServer(run)
})
afterAll(async () => {
  await server?.end()
  await rm(folder, { recursive: true, force: true })
})

const capture = (access: PostgresAccess, watched = run) => capturedPhysically(access, watched)
const tell = (database: string, sql: string) => server.access.execute(database, sql, { oneTransaction: false }, run)
const failed = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok)

const verifyCopy = (facts: DatabaseServer, dataDirectory: string) =>
  onCopy(dataDirectory, run, access => verifyServer(facts, access, [], run))

describe('a server that is captured physically', () => {
  let facts: DatabaseServer
  let reader: PointReader
  beforeAll(async () => {
    await buildScene(server.access, run)
    const space = path.join(folder, 'spa ce')
    await mkdir(space)
    const owner = await serverUser(server.dataDirectory)
    if (owner) await chown(space, owner.uid, owner.gid)
    await tell('postgres', `CREATE TABLESPACE far LOCATION '${space}'`)
    await tell('postgres', 'CREATE TABLE far_away TABLESPACE far AS SELECT n FROM generate_series(1, 1000) AS n')
    ;({ facts, reader } = await capture(server.access))
  })

  it('starts again from its files with every row, sequence, role and setting, its tablespaces elsewhere', async () => {
    const target = path.join(folder, 'restored')
    await restorePhysical(facts, reader, target, run, { tablespacesUnder: path.join(folder, 'spaces') })
    const checks = await verifyCopy(facts, target)
    expect(failed(checks)).toEqual([])
    const row = (table: string, rows: number) => ({ what: `database db/${table}`, ok: true, detail: `${rows} rows` })
    expect(checks).toContainEqual(row('shop: rows of shop.customer', 501))
    expect(checks).toContainEqual(row('postgres: rows of public.far_away', 1000))
  })

  it('has nothing in its folder but what the server had, for nobody else to read', async () => {
    const target = path.join(folder, 'files')
    await restorePhysical(facts, reader, target, run, { tablespacesUnder: path.join(folder, 'other spaces') })
    expect((await stat(target)).mode & 0o777).toBe(0o700)
    const names = await readdir(target)
    expect(names).toEqual(expect.arrayContaining(['PG_VERSION', 'backup_label', 'backup_manifest', 'pg_wal']))
    expect(names.filter(name => name.includes('aidatavault'))).toEqual([])
    expect(await readdir(path.join(folder, 'other spaces', facts.physical?.tablespaces[0]?.oid ?? ''))).toHaveLength(1)
  })

  it('refuses a folder with anything in it, and one where its tablespaces still are', async () => {
    await expect(restorePhysical(facts, reader, server.dataDirectory, run)).rejects.toMatchObject({
      code: 'target-exists',
    })
    await expect(restorePhysical(facts, reader, path.join(folder, 'new'), run)).rejects.toMatchObject({
      code: 'target-exists',
      message: `${path.join(folder, 'spa ce')} is not empty`,
    })
  })

  it('can be cut off at any file and laid again; before it is whole, no server starts on it', async () => {
    const target = path.join(folder, 'cut off')
    const spaces = { tablespacesUnder: path.join(folder, 'cut off spaces') }
    for (const part of [facts.physical?.tablespaces[0]?.inPoint, facts.physical?.inPoint]) {
      const cut: PointReader = {
        ...reader,
        restoreFolder: async (inPoint, to, options, of) => {
          const counts = await reader.restoreFolder(inPoint, to, options, of)
          if (inPoint === part) throw new Error('cut off')
          return counts
        },
      }
      await expect(restorePhysical(facts, cut, target, run, spaces)).rejects.toThrow('cut off')
      await expect(startServer({ dataDirectory: target, user: 'boss' }, run)).rejects.toMatchObject({
        code: 'restore-failed',
      })
    }
    await restorePhysical(facts, reader, target, run, spaces)
    expect(failed(await verifyCopy(facts, target))).toEqual([])
  })

  it('is told from another content by the checks', async () => {
    const target = path.join(folder, 'changed')
    await restorePhysical(facts, reader, target, run, { tablespacesUnder: path.join(folder, 'changed spaces') })
    const found = await onCopy(target, run, async access => {
      const sql = `DELETE FROM far_away WHERE n = 1; DROP TABLE notes; SELECT lo_create(0)`
      await access.execute('postgres', sql, { oneTransaction: true }, run)
      return failed(await verifyServer(facts, access, [], run))
    })
    expect(found.map(({ what, detail }) => `${what}: ${detail}`)).toEqual([
      'database db/postgres: sequence public.notes_id_seq: missing',
      'database db/postgres: objects of kind identity column: 0, were 1',
      'database db/postgres: objects of kind sequence: 0, were 1',
      'database db/postgres: objects of kind table: 1, were 2',
      'database db/postgres: rows of public.far_away: 999 rows, had 1000',
      'database db/postgres: rows of public.notes: the table is missing',
    ])
  })
})

describe('a physical capture', () => {
  it('holds one moment of a server that is written to, and claims no number for a table that changes', async () => {
    await tell('postgres', 'CREATE TABLE one (n int); CREATE TABLE two (n int)')
    let stop = false
    const writes = (async () => {
      for (let n = 0; !stop; n++)
        await server.access.execute(
          'postgres',
          `INSERT INTO one VALUES (${n}); INSERT INTO two VALUES (${n})`,
          { oneTransaction: true },
          run,
        )
    })()
    const { facts, reader } = await capture(server.access)
    stop = true
    await writes
    const rows = (name: string) =>
      facts.databases.find(({ name: of }) => of === 'postgres')?.tables.find(table => table.name === name)?.rows
    expect([rows('one'), rows('far_away')]).toEqual([null, 1000])
    const target = path.join(folder, 'busy')
    await restorePhysical(facts, reader, target, run, { tablespacesUnder: path.join(folder, 'busy spaces') })
    const [both] = await onCopy(target, run, access =>
      access.query(
        'postgres',
        `SELECT count(*) > 0 AS some, count(*) = (SELECT max(n) + 1 FROM public.one) AS whole,
                count(*) = (SELECT count(*) FROM public.two) AS equal FROM public.one`,
        run,
      ),
    )
    expect(both).toEqual({ some: 't', whole: 't', equal: 't' })
  })

  it('fails, and makes no point, when the server goes away meanwhile', async () => {
    const access: PostgresAccess = {
      ...server.access,
      baseBackup: async watched => {
        const backup = await server.access.baseBackup(watched)
        const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'walsender'`
        await tell('postgres', sql)
        return backup
      },
    }
    await expect(capture(access)).rejects.toMatchObject({ code: 'capture-failed' })
  })

  it('keeps a backup of a server with damaged pages, and says so', async () => {
    const damaged = await throwawayServer(run)
    try {
      const ask = (sql: string) => damaged.access.query('postgres', sql, run)
      await damaged.access.execute(
        'postgres',
        'CREATE TABLE hurt AS SELECT n FROM generate_series(1, 1000) AS n; CREATE TABLE sound AS SELECT 1 AS n; CHECKPOINT',
        { oneTransaction: false },
        run,
      )
      const file = (await ask(`SELECT pg_relation_filepath('public.hurt') AS file`))[0]?.['file'] ?? ''
      const again = await damaged.restartAfter(() => overwrite(path.join(damaged.dataDirectory, file), 5000))
      const watched = quietRun()
      const { facts, reader } = await capture(again, watched)
      expect(facts.physical?.corrupt.join()).toContain(file)
      expect(warningsOf(watched).join()).toMatch(/hurt.*cannot be read/)
      const target = path.join(folder, 'damaged')
      await restorePhysical(facts, reader, target, run)
      const found = failed(await verifyCopy(facts, target))
      expect(found).toMatchObject([{ what: 'database db/postgres: rows of public.hurt' }])
    } finally {
      await damaged.end()
    }
  })
})

async function overwrite(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+')
  await handle.write(Buffer.alloc(16, 0xa5), 0, 16, at)
  await handle.close()
}
