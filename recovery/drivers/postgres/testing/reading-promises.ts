import { expect, it } from 'vitest'
import { quietRun } from '../../../sources/testing/test-project.ts'
import type { PostgresAccess } from '../postgres-access.ts'

/** Every way to a server keeps these. `access` makes a new way to one whose superuser is `boss` and which has nobody else. */
export function itReads(access: () => PostgresAccess): void {
  const run = quietRun()
  const pidSql = 'SELECT pg_backend_pid() AS pid'
  const pidOf = async (server: PostgresAccess, database = 'postgres') =>
    (await server.query(database, pidSql, run))[0]?.['pid']
  const livesSql = (pid: unknown) => `SELECT 1 AS lives FROM pg_stat_activity WHERE pid = ${String(pid)}`
  // A session that was told to end does so in its own time.
  const ends = async (pid: unknown) => {
    while ((await access().query('postgres', livesSql(pid), run)).length > 0);
  }

  it('asks each database in one session within a reading, and in a new one each time outside of it', async () => {
    const server = access()
    expect(await pidOf(server)).not.toBe(await pidOf(server))
    const [pid, other] = await server.reading(run, async () => {
      const first = await pidOf(server)
      const elsewhere = await pidOf(server, 'template1')
      expect(await server.reading(run, () => pidOf(server))).toBe(first)
      expect([await pidOf(server), await pidOf(server, 'template1')]).toEqual([first, elsewhere])
      return [first, elsewhere]
    })
    expect(other).not.toBe(pid)
    expect(await pidOf(server)).not.toBe(pid)
    await Promise.all([ends(pid), ends(other)])
    await server.close()
  })

  it('answers questions that are asked at once each with its own rows', async () => {
    const server = access()
    const numbers = Array.from({ length: 12 }, (_, n) => String(n))
    const answers = await server.reading(run, () =>
      Promise.all(numbers.map(n => server.query('postgres', `SELECT ${n} AS n, pg_backend_pid() AS pid`, run))),
    )
    expect(answers.map(([row]) => row?.['n'])).toEqual(numbers)
    expect(new Set(answers.map(([row]) => row?.['pid'])).size).toBe(1)
    await server.close()
  })

  it('shares no session of a reading with what goes on beside it, or with another run', async () => {
    const server = access()
    const [known, done] = [Promise.withResolvers<unknown>(), Promise.withResolvers<void>()]
    const reading = server.reading(run, async () => {
      known.resolve(await pidOf(server))
      await done.promise
      const [row] = await server.query('postgres', pidSql, quietRun())
      expect(row?.['pid']).not.toBe(await known.promise)
    })
    expect(await pidOf(server)).not.toBe(await known.promise)
    done.resolve()
    await reading
    await server.close()
  })

  it('reads on after a question that fails, and in a new session when the one it had was ended', async () => {
    const server = access()
    await server.reading(run, async () => {
      await expect(server.query('postgres', 'SELECT nonsense', run)).rejects.toThrow('nonsense')
      const pid = await pidOf(server)
      await expect(server.query('postgres', 'SELECT 1/0', run)).rejects.toMatchObject({ code: 'tool-failed' })
      const second = await pidOf(server)
      expect(second).not.toBe(pid)
      await access().query('postgres', `SELECT pg_terminate_backend(${second})`, run)
      await ends(second)
      expect(await pidOf(server)).toMatch(/^\d+$/)
    })
    await server.close()
  })

  it('keeps a session that no time limit ends, and that looks names up in the catalog alone', async () => {
    const server = access()
    await server.execute('postgres', `ALTER ROLE boss SET idle_session_timeout = '9s'`, { oneTransaction: false }, run)
    const sql = `SELECT current_setting('idle_session_timeout') AS idle, current_setting('search_path') AS path`
    const rows = await server.reading(run, () => server.query('postgres', sql, run))
    expect(rows).toEqual([{ idle: '0', path: 'pg_catalog' }])
    await server.execute('postgres', 'ALTER ROLE boss RESET ALL', { oneTransaction: false }, run)
    await server.close()
  })

  it('ends the sessions of a reading that fails, and those of a run that is stopped', async () => {
    const server = access()
    const pids: unknown[] = []
    const failing = server.reading(run, async () => {
      pids.push(await pidOf(server))
      throw new Error('no more')
    })
    await expect(failing).rejects.toThrow('no more')
    const stop = new AbortController()
    const stopped = quietRun(stop.signal)
    const sleeping = server.reading(stopped, async () => {
      pids.push((await server.query('postgres', pidSql, stopped))[0]?.['pid'])
      const asleep = server.query('postgres', 'SELECT pg_sleep(600)', stopped)
      stop.abort()
      await asleep
    })
    await expect(sleeping).rejects.toMatchObject({ code: 'interrupted' })
    await server.close()
    await Promise.all(pids.map(ends))
  })
}
