import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { throwawayServer, type ThrowawayServer } from '../../sources/database/testing/throwaway-server.ts'
import { quietRun } from '../../sources/testing/test-project.ts'
import { postgresByUrl } from './by-url.ts'
import { itReads } from './testing/reading-promises.ts'

const run = quietRun()
let server: ThrowawayServer
beforeAll(async () => {
  server = await throwawayServer(run)
})
afterAll(() => server?.end())

const query = (sql: string) => server.access.query('postgres', sql, run)
const execute = (sql: string, oneTransaction = false) => server.access.execute('postgres', sql, { oneTransaction }, run)

describe('a server by URL', () => {
  it('is known for what it is', async () => {
    const { dataDirectory } = server
    expect(await server.access.server(run)).toMatchObject({ dataDirectory, dataChecksums: true })
    expect(await server.access.user(run)).toBe('boss')
    expect(await server.access.features(run)).toMatchObject({ baseBackup: true })
    expect([await server.access.home(run), await server.access.home(run, 'postgres')]).toEqual([
      'postgres',
      'template1',
    ])
  })

  it('is reached though the database of the URL is not there', async () => {
    expect(await postgresByUrl({ url: server.url.replace(/postgres$/, 'nowhere') }).user(run)).toBe('boss')
  })

  it('gives every value as the server prints it', async () => {
    expect(
      await query(`SELECT E'a\\n"b"' AS a, NULL AS b, true AS c, 9007199254740993 AS d, '{1}'::int[] AS e`),
    ).toEqual([{ a: 'a\n"b"', b: null, c: 't', d: '9007199254740993', e: '{1}' }])
  })

  it('runs a script in one transaction, or statement by statement', async () => {
    const half = (name: string) => `CREATE TABLE ${name} (a text DEFAULT ';'); SELECT 1/0; CREATE TABLE never (a int)`
    await expect(execute(half('one'), true)).rejects.toMatchObject({ code: 'tool-failed' })
    await expect(execute(half('two'), false)).rejects.toThrow('division by zero')
    expect(await query(`SELECT relname FROM pg_class WHERE relname IN ('one', 'two', 'never')`)).toEqual([
      { relname: 'two' },
    ])
  })

  it('holds a snapshot, in which nothing is written', async () => {
    await execute('CREATE TABLE counted (a int)')
    await server.access.withSnapshot('postgres', run, async snapshot => {
      await execute('INSERT INTO counted VALUES (1)')
      expect(await snapshot.query('SELECT count(*) AS n FROM public.counted')).toEqual([{ n: '0' }])
      await expect(snapshot.execute('DELETE FROM public.counted')).rejects.toMatchObject({ code: 'tool-failed' })
    })
  })

  it('is not cut short by time limits that its roles or databases have', async () => {
    await execute(`ALTER ROLE boss SET statement_timeout = '90ms'; ALTER ROLE boss SET transaction_timeout = '90ms'`)
    await server.access.withSnapshot('postgres', run, async snapshot => {
      expect(await snapshot.query('SELECT pg_sleep(0.2) AS slept')).toHaveLength(1)
    })
    await execute('SELECT pg_sleep(0.2); ALTER ROLE boss RESET ALL', true)
  })

  itReads(() => postgresByUrl({ url: server.url }))

  it('tells a login that works from one that does not', async () => {
    await execute(`CREATE ROLE app LOGIN PASSWORD 'right'; CREATE ROLE mute NOLOGIN PASSWORD 'right'`)
    const tried = (user: string, password: string, database = 'postgres') =>
      server.access.tryLogin({ user, password, database }, run)
    expect(await tried('app', 'right')).toBe(true)
    for (const [user, password, database] of [
      ['app', 'wrong'],
      ['mute', 'right'],
      ['nobody', 'right'],
      ['app', 'right', 'nowhere'],
      ['app', ''],
    ] as const)
      expect(await tried(user, password, database), user).toBe(false)
  })

  it('is refused to one who is no superuser, with what to do', async () => {
    const weak = postgresByUrl({ url: server.url.replace(/boss:[^@]*/, 'app:right'), name: 'shop' })
    await expect(weak.user(run)).rejects.toMatchObject({
      code: 'database-unreachable',
      hint: 'name one in aidatavault.yml: databases.shop.user',
    })
  })

  it('says who was not let in where, and never the password', async () => {
    const wrong = postgresByUrl({ url: server.url.replace(/boss:[^@]*/, 'boss:hunter2') })
    const failure = await wrong.user(run).catch((error: unknown) => error as Error)
    expect(failure).toMatchObject({ code: 'database-unreachable' })
    expect(String(failure)).toMatch(/does not let boss into postgres: password authentication failed/)
    expect(String(failure)).not.toContain('hunter2')
    const nowhere = postgresByUrl({ url: 'postgres://boss@127.0.0.1:1/x' })
    await expect(nowhere.user(run)).rejects.toMatchObject({ code: 'database-unreachable' })
  })

  it('keeps no session of a run that was stopped', async () => {
    const stop = new AbortController()
    const access = postgresByUrl({ url: server.url })
    const sleeping = access.query('postgres', 'SELECT pg_sleep(600)', quietRun(stop.signal))
    sleeping.catch(() => {})
    const sessions = async () =>
      (await query(`SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'`)).length
    while ((await sessions()) === 0);
    stop.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'interrupted' })
    await access.close()
    while ((await sessions()) > 0);
  })

  it('stops a base backup that nobody reads any more', async () => {
    const backup = await server.access.baseBackup(run)
    for await (const { entries } of backup.archives) {
      for await (const entry of entries) if (entry.size > 0n) break
      break
    }
    await expect(backup.finished).rejects.toThrow()
    while ((await query(`SELECT pid FROM pg_stat_replication`)).length > 0);
    expect(await query('SELECT slot_name FROM pg_replication_slots')).toEqual([])
  })
})
