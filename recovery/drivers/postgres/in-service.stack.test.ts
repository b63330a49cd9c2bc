import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import type { ContainerEngine } from '../docker/container-engine.ts'
import { dockerCli } from '../docker/docker-cli.ts'
import { composeServer, type ComposeServer } from '../../sources/database/testing/compose-server.ts'
import { itReads } from './testing/reading-promises.ts'
import { quietRun } from '../../sources/testing/test-project.ts'

/** The same engine, with what it made containers for. */
const counting = (engine: ContainerEngine, made: string[]): ContainerEngine =>
  new Proxy(engine, {
    get: (of, name) => {
      const found: unknown = Reflect.get(of, name)
      if (name === 'runOnce') made.push(String(name))
      return typeof found === 'function' ? found.bind(of) : found
    },
  })

describe.skipIf(skipsStack)('PostgreSQL in a Compose service', () => {
  const run = quietRun()
  const password = `se'c"ret\\`
  let server: ComposeServer
  beforeAll(async () => {
    server = await composeServer(run, { user: 'boss', password: password.replaceAll('$', '$$'), database: 'shop' })
  })
  afterAll(() => server?.end())

  const query = (sql: string, database = 'shop') => server.access.query(database, sql, run)

  it('is reached as the superuser that the environment names, through programs that fit it', async () => {
    expect(await server.access.user(run)).toBe('boss')
    expect(await server.access.features(run)).toEqual({ clientPrograms: true, baseBackup: true })
    const facts = await server.access.server(run)
    expect(facts).toMatchObject({ dataDirectory: '/var/lib/postgresql/data', dataChecksums: false })
    expect(Math.floor(facts.version / 10_000)).toBe(17)
    expect(facts.systemIdentifier).toMatch(/^\d{19}$/)
  })

  it('finds a superuser where the one it is given is none', async () => {
    await server.access.execute('shop', 'CREATE ROLE weak LOGIN', { oneTransaction: false }, run)
    expect(await server.again('weak').user(run)).toBe('boss')
    expect(await server.again('nobody').user(run)).toBe('boss')
  })

  it('gives every value as it is: line breaks, quotes, separators, nothing and NULL apart', async () => {
    const odd = `E'a\\n"b",\\t\\\\.\\r\\n'`
    expect(await query(`SELECT ${odd} AS "odd ""name"",", '' AS empty, NULL AS "none", 1 AS one`)).toEqual([
      { 'odd "name",': 'a\n"b",\t\\.\r\n', empty: '', none: null, one: '1' },
    ])
    expect(await query('SELECT NULL AS one UNION ALL SELECT NULL')).toEqual([{ one: null }, { one: null }])
    expect(await query('SELECT 1 AS one WHERE false')).toEqual([])
  })

  it('says what the server said when a statement fails, and runs nothing of a failed transaction', async () => {
    const script = 'CREATE TABLE half (a int); SELECT 1/0;'
    await expect(server.access.execute('shop', script, { oneTransaction: true }, run)).rejects.toMatchObject({
      code: 'tool-failed',
      message: expect.stringContaining('division by zero') as string,
    })
    expect(await query(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }])
    await expect(query('SELECT nonsense')).rejects.toThrow('nonsense')
  })

  it('holds a snapshot: what is committed later is not seen', async () => {
    await server.access.execute('shop', 'CREATE TABLE counted (a int)', { oneTransaction: false }, run)
    await server.access.withSnapshot('shop', run, async snapshot => {
      await server.access.execute('shop', 'INSERT INTO counted VALUES (1)', { oneTransaction: false }, run)
      expect(await snapshot.query('SELECT count(*) AS n FROM public.counted')).toEqual([{ n: '0' }])
    })
    expect(await query('SELECT count(*) AS n FROM public.counted')).toEqual([{ n: '1' }])
  })

  it('writes nothing from within a snapshot', async () => {
    const writing = server.access.withSnapshot('shop', run, ({ execute }) => execute('CREATE TABLE x (a int);'))
    await expect(writing).rejects.toThrow('read-only transaction')
  })

  itReads(() => server.again())

  it('tries a login from another container, where the password counts', async () => {
    const tried = (user: string, secret: string, database: string) =>
      server.access.tryLogin({ user, password: secret, database }, run)
    expect(await tried('boss', password, 'shop')).toBe(true)
    expect(await tried('boss', 'wrong', 'shop')).toBe(false)
    expect(await tried('boss', password, 'nowhere')).toBe(false)
    expect(await tried('nobody', password, 'shop')).toBe(false)
  })

  it('makes no container for a login that works, unless the rules of the server tell by who comes from where', async () => {
    const made: string[] = []
    const tried = async (secret: string) => {
      made.length = 0
      const access = server.again('boss', counting(dockerCli(), made))
      return {
        works: await access.tryLogin({ user: 'boss', password: secret, database: 'shop' }, run),
        made: made.length,
      }
    }
    // On a busy machine the quick way may take too long once.
    await expect.poll(() => tried(password), { timeout: 20_000 }).toEqual({ works: true, made: 0 })
    const { hba } = (await query(`SELECT current_setting('hba_file') AS hba`))[0] as { hba: string }
    // As who works on this machine may have it for himself.
    const gateway = `h=${hba}; cp $h $h.was; ip=$(hostname -i | sed 's/[0-9]*$/1/'); (echo "host all all $ip/32 trust"; cat $h.was) >$h`
    server.exec('sh', '-c', gateway)
    await query('SELECT pg_reload_conf()')
    expect(await tried('wrong')).toEqual({ works: false, made: 1 })
    expect(await tried(password)).toEqual({ works: true, made: 1 })
    server.exec('sh', '-c', `cat ${hba}.was >${hba}`)
    await query('SELECT pg_reload_conf()')
  })

  it('leaves no session on the server when its run is stopped', async () => {
    const stop = new AbortController()
    const stopped = server.again()
    const sleeping = stopped.query('shop', 'SELECT pg_sleep(600)', quietRun(stop.signal))
    sleeping.catch(() => {})
    const sessions = async () =>
      (await query(`SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`))
        .length
    while ((await sessions()) === 0);
    stop.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'interrupted' })
    await stopped.close()
    expect(await sessions()).toBe(0)
  })

  it('says that the service does not run, and how to start it', async () => {
    server.stop()
    await expect(server.again().user(run)).rejects.toMatchObject({
      code: 'database-unreachable',
      hint: expect.stringContaining('docker compose up') as string,
    })
  })
})
