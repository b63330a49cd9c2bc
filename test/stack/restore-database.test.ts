import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { count, databaseProject, databasesOf, type DatabaseProject } from './restore-database-project.ts'

interface Shown {
  readonly kept: readonly { readonly name: string }[]
  readonly safetyPoint: string | null
  readonly services: readonly string[]
}

// A restore takes seconds; where other tests use the processors too, a minute.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

describe.skipIf(skipsStack)('restore database', () => {
  let project: DatabaseProject
  let [point, later] = ['', '']

  beforeAll(async () => {
    project = await databaseProject('restoredb')
    point = await takePoint()
  })
  afterAll(() => project?.sandbox.end())

  const app = (sql: string) => ask(project.server, 'app', sql)
  const takePoint = async (...args: string[]): Promise<string> => {
    const { stdout } = await project.sandbox.succeeds(['--json', 'backup', ...args])
    return (JSON.parse(stdout) as { point: string }).point
  }
  const restore = async (...args: string[]): Promise<Shown> => {
    const { stdout } = await project.sandbox.succeeds(['--json', 'restore', 'database', 'db/app', ...args, '--yes'])
    return JSON.parse(stdout) as Shown
  }
  const fails = async (...args: string[]): Promise<{ code: number | null; stderr: string }> =>
    project.sandbox.aidatavault(['restore', 'database', 'db/app', ...args, '--yes'])
  const notes = () => count(project.server, 'app', 'SELECT count(*) FROM note')
  /** What a kept database holds; it is closed again. */
  const inKept = async (name: string, sql: string): Promise<number> => {
    const open = (yes: boolean) => ask(project.server, 'template1', `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${yes}`)
    await open(true)
    const found = await count(project.server, name, sql)
    await open(false)
    return found
  }

  it('says with --plan what would change, row by row, and changes nothing', async () => {
    await app('DELETE FROM note WHERE id > 400; CREATE TABLE later (a int)')
    const { stdout } = await project.sandbox.succeeds(['restore', 'database', '--plan'])
    expect(stdout).toContain('public.note: 400 rows now, 1000 rows in the point')
    expect(stdout).toContain('public.later: 0 rows now, not in the point: gone then')
    expect(stdout).toMatch(/stop +app \(/)
    expect(stdout).toMatch(/keep +database app as app_old_\d{8}_\d{4}/)
    expect([await notes(), await databasesOf(project.server)]).toEqual([400, ['app', 'postgres']])
  })

  it('loses no row that was written before it began, though clients keep writing: they are in the safety point and in the old database', async () => {
    const writer = startWriter(project)
    await writer.written(5)
    const before = writer.last()
    const report = await restore('--point', point)
    const last = await writer.stop()
    expect([report.services, await notes()]).toEqual([['app'], 1000])
    const kept = report.kept[0]!.name
    const sql = `SELECT count(*) FROM written WHERE id <= ${before}`
    expect(await inKept(kept, sql)).toBe(before)
    await restore('--into', 'from_safety', '--point', report.safetyPoint!)
    expect(await count(project.server, 'from_safety', sql)).toBe(before)
    // Whatever was confirmed to the client is in one of the two: nothing fell between them.
    const all = await inKept(kept, 'SELECT count(*) FROM written')
    expect(all + (await count(project.server, 'app', 'SELECT count(*) FROM written'))).toBe(last)
    const again = await fails('--into', 'from_safety')
    expect([again.code, again.stderr]).toEqual([40, expect.stringContaining('a database from_safety already')])
  })

  it('takes no note of kept databases in later points, which stay complete', async () => {
    await ask(
      project.server,
      'postgres',
      `CREATE ROLE auditor LOGIN PASSWORD 'x' CONNECTION LIMIT 3; GRANT auditor TO app`,
    )
    await app('GRANT SELECT ON note TO auditor; REVOKE CONNECT ON DATABASE app FROM PUBLIC')
    later = await takePoint()
    const { stdout } = await project.sandbox.succeeds(['--json', 'points', 'show', later])
    expect(stdout).toContain('"complete"')
    expect(stdout).not.toContain('app_old_')
    const kept = (await databasesOf(project.server)).find(name => name.startsWith('app_old_'))!
    await ask(project.server, 'template1', `ALTER DATABASE ${kept} ALLOW_CONNECTIONS true`)
    const used = await takePoint('--only', 'database')
    const { stdout: shown } = await project.sandbox.succeeds(['--json', 'points', 'show', used])
    expect(shown, 'opened by hand, it is somebody’s again').toContain(kept)
    await ask(project.server, 'template1', `ALTER DATABASE ${kept} ALLOW_CONNECTIONS false`)
    await app('GRANT CONNECT ON DATABASE app TO PUBLIC; REVOKE ALL ON note FROM auditor; DROP ROLE auditor')
  })

  it('gives the old database its name again where the application cannot log in to the new one; missing roles are there again, present ones as they were', async () => {
    const names = await databasesOf(project.server)
    await ask(project.server, 'postgres', `ALTER ROLE app CONNECTION LIMIT 9`)
    await app('DELETE FROM note WHERE id > 300')
    const { code, stderr } = await fails('--point', later, '--no-safety-point')
    expect([code, stderr]).toEqual([44, expect.stringContaining('login of app to db/app')])
    expect([await databasesOf(project.server), await notes()]).toEqual([names, 300])
    const running = await project.sandbox.compose('ps', '--services', '--status', 'running')
    expect(running.stdout.split('\n').filter(Boolean).toSorted()).toEqual(['app', 'db', 'other'])
    const roles = `SELECT string_agg(rolname || rolconnlimit, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname IN ('app', 'auditor')`
    expect(await ask(project.server, 'postgres', roles)).toBe('app9 auditor3')
    expect(await ask(project.server, 'postgres', `SELECT pg_has_role('app', 'auditor', 'member')`)).toBe('t')
  })

  it('is taken back by undo', async () => {
    await project.sandbox.succeeds(['undo', '--yes']) // of --into, which is put aside
    await project.sandbox.succeeds(['undo', '--yes'])
    expect([await notes(), await app(`SELECT to_regclass('later')`)]).toEqual([400, 'later'])
  })

  it('brings rows of single tables back, their keys checked both ways, or nothing', async () => {
    await app(`UPDATE note SET text = 'broken'; DELETE FROM tag; SELECT setval('note_id_seq', 5000)`)
    await restore('--table', 'note', '--table', 'public.tag', '--point', point)
    const all = `SELECT (SELECT count(*) FROM note WHERE text <> 'broken') + (SELECT count(*) FROM tag)`
    expect(await count(project.server, 'app', all)).toBe(1500)
    expect(await app('SELECT last_value FROM note_id_seq')).toBe('5000')
    await app(`INSERT INTO author (name) VALUES ('new'); INSERT INTO note (author, text) VALUES (11, 'by the new one')`)
    const { code, stderr } = await fails('--table', 'author', '--point', point)
    expect([code, stderr]).toEqual([43, expect.stringContaining('rows of public.note refer to rows of public.author')])
    expect(await app('SELECT count(*) FROM author')).toBe('11')
  })

  it('brings a table back that is gone, with what depends on it; and undo takes it away again', async () => {
    await app('DROP TABLE note CASCADE')
    await restore('--table', 'note', '--point', point)
    expect(await notes()).toBe(1000)
    const keys = `SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE contype = 'f'`
    expect(await app(keys)).toBe('note_author_fkey tag_note_fkey')
    expect(await app('SELECT count(*) FROM busy')).toBe('10')
    expect(await app(`INSERT INTO note (author) VALUES (1) RETURNING id`)).toBe('1001')
    await project.sandbox.succeeds(['undo', '--yes'])
    expect(await app(`SELECT to_regclass('note') IS NULL`)).toBe('t')
  })

  it('brings a database back that was dropped, with its settings', async () => {
    await ask(project.server, 'template1', 'DROP DATABASE app')
    await restore('--point', point)
    expect([await notes(), await app('SHOW work_mem')]).toEqual([1000, '5MB'])
  })

  it('brings the rows back into the schema of today with --data-only', async () => {
    await app(`ALTER TABLE note ADD COLUMN color text DEFAULT 'red'; TRUNCATE author CASCADE`)
    await restore('--point', point, '--data-only', '--no-safety-point')
    expect(await app(`SELECT count(*) FROM note WHERE color = 'red'`)).toBe('1000')
    await expect(app(`INSERT INTO note (author, text) VALUES (4711, '')`)).rejects.toThrow('foreign key')
    const { code, stderr } = await fails('--table', 'note', '--point', point)
    expect([code, stderr]).toEqual([41, expect.stringContaining('has other columns today')])
  })
})

/** Commits row after row, and remembers the last one that was confirmed. */
function startWriter({ server }: DatabaseProject) {
  let [last, ended] = [0, false]
  const write = async () => {
    while (!ended) {
      // While the databases change names it is thrown out; then it tries the same row again.
      const told = await ask(server, 'app', `INSERT INTO written VALUES (${last + 1}) ON CONFLICT DO NOTHING`).then(
        () => true,
        () => false,
      )
      if (told) last += 1
      await sleep(50)
    }
  }
  const writing = write()
  return {
    last: () => last,
    written: async (rows: number) => {
      while (last < rows) await sleep(20)
    },
    stop: async () => {
      ended = true
      await writing
      return last
    },
  }
}
