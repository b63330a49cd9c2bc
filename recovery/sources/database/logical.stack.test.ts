import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'
import type { ProjectServer } from '../../project/project.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, warningsOf } from '../testing/test-project.ts'
import { captureServer, restoreServer, verifyServer } from './index.ts'
import { composeServer, type ComposeServer, type ComposeServerOptions } from './testing/compose-server.ts'
import { CutOff, cutOffAfter } from './testing/cut-off.ts'
import { buildScene, oddDatabase, rolePassword } from './testing/scene.ts'

const projectServer: ProjectServer = {
  name: 'db',
  access: 'service',
  method: 'logical',
  running: true,
  foundBy: 'image postgres:17',
  storedOn: 'data',
  environment: { user: 'postgres', password: 'secret', database: 'postgres' },
}

const login = (user: string, password: string, database: string, from: string) => ({
  ...{ server: 'db', user, password, database, from },
})
const logins = [
  login('app', rolePassword, 'shop', 'server APP_URL'),
  login('app', 'wrong', 'shop', 'server OLD_URL'),
  login('boss', 'secret', 'postgres', 'db POSTGRES_PASSWORD'),
]

const failed = (checks: readonly Check[]) => checks.filter(({ ok }) => !ok)
const hasImage = (image: string) => {
  try {
    return execFileSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }) === null
  } catch {
    return false
  }
}

/** What pg_dump says of each database, and pg_dumpall of the roles, without the lines that are new each time. */
function dumpsOf(server: ComposeServer, databases: readonly string[]): string[] {
  const quoted = (name: string) => `dbname='${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const dumps = databases.map(name => server.exec('pg_dump', '-U', 'boss', '--create', '-d', quoted(name)))
  const globals = server.exec('pg_dumpall', '-U', 'boss', '--globals-only')
  return [...dumps, globals].map(text => text.replace(/^\\(un)?restrict .*$/gm, ''))
}

const run = quietRun()
const servers: ComposeServer[] = []
async function newServer(options: ComposeServerOptions): Promise<ComposeServer> {
  const server = await composeServer(run, options)
  servers.push(server)
  return server
}
const capture = (access: PostgresAccess, watched = run) =>
  capturedPoint(writer => captureServer(projectServer, access, logins, writer, watched))
const restore = (facts: DatabaseServer, access: PostgresAccess, reader: PointReader, watched = run) =>
  restoreServer(facts, access, reader, { emptyServer: true }, watched)

afterAll(() => Promise.all(servers.map(server => server.end())))

describe.skipIf(skipsStack).each(['postgres:17', 'postgres:15'].filter(image => skipsStack || hasImage(image)))(
  'a server in a Compose service, %s',
  image => {
    let original: ComposeServer
    let target: ComposeServer
    let facts: DatabaseServer
    let reader: PointReader
    const captureRun = quietRun()
    beforeAll(async () => {
      original = await newServer({ image, user: 'boss', database: 'shop_of_entrypoint' })
      await buildScene(original.access, run)
      ;({ facts, reader } = await capture(original.access, captureRun))
      target = await newServer({ image, user: 'boss', password: 'another', database: 'shop' })
      await restore(facts, target.access, reader)
    }, 240_000)

    it('comes back so that pg_dump and pg_dumpall say the same of it', () => {
      const names = ['postgres', 'template1', 'shop', oddDatabase, 'latin', 'stencil']
      expect(dumpsOf(target, names)).toEqual(dumpsOf(original, names))
    })

    it('passes every check, the logins of the application among them', async () => {
      const checks = await verifyServer(facts, target.access, logins, run)
      expect(failed(checks)).toEqual([])
      expect(checks).toContainEqual({ what: 'database db/shop: rows of shop.customer', ok: true, detail: '501 rows' })
      expect(checks).toContainEqual({ what: 'login app@db/shop (server APP_URL)', ok: true, detail: 'works' })
      expect(checks).toContainEqual(expect.objectContaining({ detail: 'is refused, as it was before' }) as Check)
    })

    it('says which database it could not capture, and which login did not work', () => {
      expect(warningsOf(captureRun)).toEqual([])
      expect(facts.closed).toEqual([{ name: 'closed', why: 'it does not allow connections' }])
      expect(facts.logins.map(({ worked }) => worked)).toEqual([true, false, true])
    })

    it('leaves nothing of its own behind', async () => {
      const left = await target.access.query(
        'postgres',
        `SELECT datname AS name FROM pg_database WHERE datname LIKE 'aidatavault%'
         UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 'aidatavault%'
         UNION ALL SELECT s::text FROM pg_db_role_setting, unnest(setconfig) s WHERE s LIKE 'aidatavault%'`,
        run,
      )
      expect(left).toEqual([])
    })

    it('is found wanting by the checks when a row, a sequence, an index, a right or a table is missing', async () => {
      await target.access.execute(
        'shop',
        `SET default_transaction_read_only = off; SET session_replication_role = replica;
         DELETE FROM shop.sale_2024 WHERE id = 1; DROP INDEX shop.sale_amount; DROP TABLE shop.empty_one;
         SELECT setval('shop.huge', 9007199254740992); REVOKE CREATE ON DATABASE shop FROM reader CASCADE;
         REVOKE CONNECT ON DATABASE shop FROM reader CASCADE; SELECT lo_unlink(oid) FROM pg_largeobject_metadata LIMIT 1;`,
        { oneTransaction: true },
        run,
      )
      const found = failed(await verifyServer(facts, target.access, [], run))
      expect(found.map(({ what }) => what.replace('database db/shop: ', ''))).toEqual([
        'sequence shop.huge',
        'large objects',
        'objects of kind incomplete partitioned index',
        'objects of kind large object',
        'objects of kind table',
        'settings, privileges, comment',
        'rows of shop.empty_one',
        'rows of shop.sale_2024',
      ])
    })
  },
)

describe.skipIf(skipsStack)('the restore of a server', () => {
  let original: ComposeServer
  let facts: DatabaseServer
  let reader: PointReader
  beforeAll(async () => {
    original = await newServer({ user: 'boss', database: 'app' })
    const statements = [
      `CREATE ROLE app LOGIN PASSWORD 'first'`,
      `ALTER DATABASE app OWNER TO app`,
      `ALTER SYSTEM SET work_mem = '5MB'`,
      `ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements'`,
      `ALTER SYSTEM SET archive_command = 'cp %p /elsewhere/%f'`,
    ]
    for (const sql of statements) await original.access.execute('postgres', sql, { oneTransaction: false }, run)
    const table =
      'CREATE TABLE notes (id serial, text text); INSERT INTO notes (text) SELECT repeat(md5(n::text), 50) FROM generate_series(1, 3000) n'
    for (const database of ['app', 'postgres'])
      await original.access.execute(database, table, { oneTransaction: true }, run)
    ;({ facts, reader } = await capture(original.access))
  }, 120_000)
  afterEach(async () => {
    for (const server of servers.splice(1)) await server.end()
  })

  it('can be cut off anywhere and run again', async () => {
    const one = { ...facts, databases: facts.databases.filter(({ name }) => name === 'app') }
    const target = await newServer({ user: 'boss', password: 'another', database: 'app' })
    for (let statements = 1; ; statements += 2) {
      const access = cutOffAfter(target.again(), statements)
      const end = await restore(one, access, reader).catch((error: unknown) => error)
      if (end === undefined) break
      expect(end).toBeInstanceOf(CutOff)
    }
    expect(failed(await verifyServer(one, target.access, [], run))).toEqual([])
    expect(await target.access.query('postgres', 'SELECT datname AS name FROM pg_database ORDER BY 1', run)).toEqual(
      ['app', 'postgres', 'template0', 'template1'].map(name => ({ name })),
    )
  }, 300_000)

  it('gives the first superuser back its name where the environment says another', async () => {
    const target = await newServer({ user: 'other', password: 'another', database: 'app' })
    await restore(facts, target.access, reader)
    expect(await target.access.user(run)).toBe('boss')
    expect(failed(await verifyServer(facts, target.again('other'), logins.slice(2), run))).toEqual([])
  }, 120_000)

  it('makes the settings of ALTER SYSTEM again, but for those that are bound to a place', async () => {
    const target = await newServer({ user: 'boss', database: 'app' })
    const watched = quietRun()
    await restore(facts, target.access, reader, watched)
    expect(warningsOf(watched)).toEqual([
      'PostgreSQL db: archive_command was set by ALTER SYSTEM and is left as the new server has it',
      'PostgreSQL db: shared_preload_libraries apply after its next restart',
    ])
    const settings = await target.access.query(
      'postgres',
      `SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' ORDER BY 1`,
      run,
    )
    expect(settings).toEqual([
      { name: 'shared_preload_libraries', setting: 'auto_explain, pg_stat_statements' },
      { name: 'work_mem', setting: '5MB' },
    ])
    await target.restart()
    expect(await target.access.user(run)).toBe('boss')
  }, 120_000)

  it('lays the configuration files again that were edited in the data directory, unless they would do harm', async () => {
    const lines = (text: string) =>
      `echo "${text}" >> $PGDATA/postgresql.conf; echo 'host all app 10.0.0.0/8 reject' >> $PGDATA/pg_hba.conf`
    const [edited, archiving] = [await newServer({ user: 'boss' }), await newServer({ user: 'boss' })]
    edited.exec('sh', '-c', lines(`temp_buffers = '9MB'\nmax_connections = 55`))
    archiving.exec('sh', '-c', lines(`archive_mode = on`))
    const files = (server: ComposeServer) => server.exec('sh', '-c', 'cat $PGDATA/postgresql.conf $PGDATA/pg_hba.conf')
    const { facts: ofEdited, reader: editedPoint } = await capture(edited.access)
    const target = await newServer({ user: 'boss' })
    const [fresh, watched] = [files(target), quietRun()]
    await restore(ofEdited, target.access, editedPoint, watched)
    expect(warningsOf(watched)).toEqual(['PostgreSQL db: max_connections apply after its next restart'])
    expect(files(target)).toBe(files(edited))
    await target.restart()
    const shown = await target.access.query('postgres', `SELECT current_setting('max_connections') AS max`, run)
    expect(shown).toEqual([{ max: '55' }])
    const { facts: ofArchiving, reader: archivingPoint } = await capture(archiving.access)
    const other = await newServer({ user: 'boss' })
    const watchedToo = quietRun()
    await restore(ofArchiving, other.access, archivingPoint, watchedToo)
    expect(warningsOf(watchedToo)).toEqual([
      "PostgreSQL db: pg_hba.conf, postgresql.conf of the original are in the point and not laid: archive_mode would make it work on what is the original's",
    ])
    expect(files(other)).toBe(fresh)
  }, 180_000)

  it('keeps a database of the new server that is not empty, under another name', async () => {
    const target = await newServer({ user: 'boss', database: 'app' })
    await target.access.execute('app', 'CREATE TABLE mine AS SELECT 1 AS a', { oneTransaction: true }, run)
    const watched = quietRun()
    await restore(facts, target.access, reader, watched)
    const kept =
      warningsOf(watched)
        .find(text => text.includes('is kept as'))
        ?.split(' ')
        .at(-1) ?? ''
    expect(failed(await verifyServer(facts, target.access, [], run))).toEqual([])
    await target.access.execute(
      'postgres',
      `ALTER DATABASE ${kept} ALLOW_CONNECTIONS true`,
      { oneTransaction: false },
      run,
    )
    expect(await target.access.query(kept, 'SELECT a FROM public.mine', run)).toEqual([{ a: '1' }])
  }, 120_000)

  it('changes nothing on a server that lacks an extension or is older', async () => {
    const target = await newServer({ user: 'boss', database: 'app' })
    const extensions = [{ name: 'timescaledb', version: '2.1', schema: 'public' }]
    const needy = { ...facts, databases: facts.databases.map(database => ({ ...database, extensions })) }
    await expect(restore(needy, target.access, reader)).rejects.toMatchObject({
      code: 'preflight-failed',
      message: expect.stringContaining('timescaledb 2.1 (app)') as string,
    })
    const newer = { ...facts, server: { ...facts.server, version: 180_001, versionText: '18.1' } }
    await expect(restore(newer, target.access, reader)).rejects.toMatchObject({ code: 'preflight-failed' })
    expect(
      await target.access.query('postgres', `SELECT rolname AS name FROM pg_roles WHERE oid >= 16384`, run),
    ).toEqual([])
  }, 120_000)
})

describe.skipIf(skipsStack)('the capture of a server', () => {
  let original: ComposeServer
  beforeAll(async () => {
    original = await newServer({ user: 'boss', database: 'app' })
    await original.access.execute(
      'app',
      'CREATE TABLE notes (id serial, text text); INSERT INTO notes (text) SELECT repeat(md5(n::text), 50) FROM generate_series(1, 20000) n',
      { oneTransaction: true },
      run,
    )
  }, 120_000)

  it('counts the rows that its dump holds, whatever is written meanwhile', async () => {
    const insert = `INSERT INTO notes (text) VALUES ('late'); `
    const writing = original.again()
    let stop = false
    const writes = (async () => {
      while (!stop) await writing.execute('app', insert.repeat(50), { oneTransaction: false }, run)
    })()
    const { facts, reader } = await capture(original.access)
    stop = true
    await writes
    await writing.close()
    const target = await newServer({ user: 'boss', database: 'app' })
    await restore(facts, target.access, reader)
    expect(failed(await verifyServer(facts, target.access, [], run))).toEqual([])
  }, 180_000)

  it('fails, and makes no point, when the dump breaks off', async () => {
    const access = original.again()
    const breaking: PostgresAccess = {
      ...access,
      dump: (database, snapshot, watched) => {
        const { bytes, finished } = access.dump(database, snapshot, watched)
        return { bytes: database === 'app' ? breaksOff(bytes) : bytes, finished }
      },
    }
    const breaksOff = async function* (bytes: AsyncIterable<Uint8Array>) {
      let broken = false
      for await (const chunk of bytes) {
        yield chunk
        if (broken) continue
        broken = true
        const sql = `SELECT pg_terminate_backend(pid) AS gone FROM pg_stat_activity WHERE query LIKE 'COPY%notes%' AND pid <> pg_backend_pid()`
        await original.access.query('postgres', sql, run)
      }
    }
    await expect(capture(breaking)).rejects.toMatchObject({
      code: 'capture-failed',
      message: expect.stringMatching(/^database db\/app: .*exit code 1/s) as string,
    })
    await access.close()
  }, 60_000)
})
