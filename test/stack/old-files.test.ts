import fs from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { containerOf, serverOf, smallComposeFile, writeFiles } from './small-project.ts'

// One project for all of it: each test leaves the database as the dumps have it.
describe.skipIf(skipsStack)('the files of the old runbook', { timeout: 300_000 }, () => {
  let sandbox: Sandbox
  const at = (name: string) => path.join(sandbox.project, name)
  const server = () => serverOf(sandbox)
  const sql = (text: string) => ask(server(), 'app', text)
  const names = () => ask(server(), 'postgres', 'SELECT datname FROM pg_database ORDER BY 1')

  /** The runbook's line. */
  async function dump(name: string, ...program: string[]): Promise<string> {
    const { output } = await must(['docker', 'exec', containerOf(sandbox, 'db'), ...program, '-U', 'postgres'])
    await fs.writeFile(at(name), output)
    return at(name)
  }
  const comparable = (script: string) => script.replaceAll(/^\\(un)?restrict .*$/gm, '')
  const stateOf = async (database: string) =>
    comparable(
      (await must(['docker', 'exec', containerOf(sandbox, 'db'), 'pg_dump', '-U', 'postgres', database])).stdout,
    )
  const state = () => stateOf('app')

  beforeAll(async () => {
    sandbox = await Sandbox.make('oldfiles')
    await writeFiles(sandbox.project, { 'compose.yaml': smallComposeFile, '.env': 'SECRET=hush\n' })
    await sandbox.compose('up', '--detach', '--wait')
    await ask(server(), 'postgres', 'CREATE ROLE writer')
    await ask(server(), 'postgres', 'CREATE DATABASE app OWNER writer')
    await sql(`CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text);
      ALTER TABLE notes OWNER TO writer; CREATE INDEX ON notes (text); CREATE VIEW late AS SELECT * FROM notes WHERE id > 5;
      INSERT INTO notes (text) SELECT E'line\\n\\\\.\\t' || i FROM generate_series(1, 300) i`)
    await sandbox.succeeds(['init', sandbox.vault])
  })
  afterAll(() => sandbox?.end())

  it('restores the dump of the runbook as safely as a point, and undo takes it back', async () => {
    await dump('backup_20231027_143000.sql', 'pg_dump', 'app')
    const before = await state()
    await sql(`UPDATE notes SET text = 'later'; INSERT INTO notes (text) VALUES ('new'); CREATE TABLE extra (a int)`)
    const later = await state()
    const from = ['restore', 'database', 'db/app', '--from', 'backup_20231027_143000.sql']
    const plan = await sandbox.succeeds([...from, '--plan'])
    expect(plan.stdout).toContain('public.notes: 301 rows now, 300 rows in backup_20231027_143000.sql')
    expect(await state()).toBe(later)
    await sandbox.succeeds([...from, '--yes'])
    expect(await state()).toBe(before)
    await sandbox.succeeds(['undo', '--yes'])
    expect(await state()).toBe(later)
  })

  it('refuses what is no whole dump before anything changes, and says what it is', async () => {
    const [before, databases] = [await state(), await names()]
    const whole = await fs.readFile(at('backup_20231027_143000.sql'))
    await writeFiles(sandbox.project, {
      'page.sql': '<html>404</html>',
      'mysql.sql': '-- MySQL dump 10.13\n',
      'empty.sql': '',
    })
    await fs.writeFile(at('cut.sql'), whole.subarray(0, whole.length / 2))
    await fs.writeFile(
      at('evil.sql'),
      whole
        .toString('latin1')
        .replace('\nSET default', `\nCOPY public.notes FROM PROGRAM 'touch /tmp/evil';\nSET default`),
      'latin1',
    )
    for (const [file, code, said] of [
      ['page.sql', 47, 'HTML'],
      ['mysql.sql', 47, 'MySQL'],
      ['empty.sql', 47, 'empty'],
      ['cut.sql', 47, 'breaks off in line'],
      ['evil.sql', 48, 'COPY … PROGRAM'],
    ] as const) {
      const refused = await sandbox.aidatavault(['restore', 'database', 'db/app', '--from', file, '--yes'])
      expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(said)])
    }
    expect((await sandbox.aidatavault(['import', '--as', 'db/app', 'cut.sql'])).code).toBe(47)
    expect(await state()).toBe(before)
    expect(await names()).toBe(databases)
  })

  it('refuses a dump of another database until that is named', async () => {
    const file = await dump('other.dump', 'pg_dump', '-Fc', 'postgres')
    const refused = await sandbox.aidatavault(['restore', 'database', 'db/app', '--from', file, '--plan'])
    expect([refused.code, refused.stderr]).toEqual([45, expect.stringContaining('--accept database=postgres')])
    await sandbox.succeeds(['restore', 'database', 'db/app', '--from', file, '--plan', '--accept', 'database=postgres'])
  })

  it('imports dumps as points of their own date, once, and restores from these', async () => {
    const before = await state()
    await dump('backup_20230115_020304.sql', 'pg_dump', 'app')
    await dump('app.dump', 'pg_dump', '-Fc', 'app')
    await dump('all.sql', 'pg_dumpall')
    const files = ['backup_20230115_020304.sql', 'app.dump', 'all.sql']
    const told = JSON.parse((await sandbox.succeeds(['--json', 'import', ...files])).stdout) as {
      point: string
      isNew: boolean
      date: string
      databases: string[]
    }[]
    expect(told.map(({ isNew, databases }) => [isNew, databases])).toEqual([
      [true, ['db/app']],
      [true, ['db/app']],
      [true, ['db/app']],
    ])
    expect(told[0]?.date).toBe(new Date(2023, 0, 15, 2, 3, 4).toISOString())
    expect(await names()).not.toContain('throwaway')
    const again = JSON.parse((await sandbox.succeeds(['--json', 'import', ...files])).stdout) as typeof told
    expect(again.map(({ point, isNew }) => [point, isNew])).toEqual(told.map(({ point }) => [point, false]))
    const other = await sandbox.succeeds(['--json', 'import', '--as', 'db/other', files[0]!])
    expect(JSON.parse(other.stdout)).toMatchObject([{ isNew: true, databases: ['db/other'] }])
    const shown = JSON.parse((await sandbox.succeeds(['--json', 'points'])).stdout) as {
      point: string
      state: string
      time: string
    }[]
    expect(shown.find(({ point }) => point === told[0]?.point)).toMatchObject({ state: 'incomplete' })
    await sandbox.restic('check', '--read-data')
    for (const { point } of told) {
      const { stdout } = await sandbox.succeeds(['export', 'database', 'db/app', '--point', point, '-o', '-'])
      expect(comparable(stdout)).toBe(before)
    }
    await sql('DELETE FROM notes')
    await sandbox.succeeds(['restore', 'database', 'db/app', '--point', told[0]!.point, '--yes'])
    expect(await state()).toBe(before)
  })

  it('exports every format from a point and from the living database, and what is exported restores to the same', async () => {
    const before = await state()
    await sandbox.succeeds(['backup'])
    const ways = [
      ['--format', 'tar'],
      ['--live', '--format', 'directory'],
    ]
    for (const [index, more] of ways.entries()) {
      const file = at(`export${index}`)
      const { stdout } = await sandbox.succeeds(['export', 'database', 'db/app', ...more, '-o', file])
      expect(stdout.trim()).toBe(file)
      await ask(server(), 'postgres', 'DROP DATABASE IF EXISTS again')
      await sandbox.succeeds(['restore', 'database', 'db/app', '--from', file, '--into', 'again', '--yes'])
      expect(await stateOf('again'), more.join(' ')).toBe(before)
    }
    await ask(server(), 'postgres', 'DROP DATABASE again')
    expect(await names()).not.toContain('throwaway')
    expect((await must(['docker', 'exec', containerOf(sandbox, 'db'), 'ls', '-A', '/tmp'])).stdout).toBe('')
  })

  it("writes the runbook's names, for its owner alone, and over nothing that is there", async () => {
    const told = await sandbox.succeeds(['export'])
    const file = told.stdout.trim()
    expect(path.basename(file)).toMatch(/^backup_\d{8}_\d{6}\.sql$/)
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
    await fs.writeFile(file, 'mine')
    const refused = await sandbox.aidatavault(['export'])
    expect([refused.code, await fs.readFile(file, 'utf8')]).toEqual([40, 'mine'])
    await sandbox.succeeds(['export', '--force'])
    expect((await fs.readFile(file, 'utf8')).length).toBeGreaterThan(1000)
    const piped = await sandbox.succeeds(['export', '-o', '-'])
    expect(comparable(piped.stdout)).toBe(comparable(await fs.readFile(file, 'utf8')))
  })

  it('exports from a data directory in a point, through a server that nobody reaches, which is gone then', async () => {
    const before = await state()
    await sandbox.succeeds(['backup', '--physical', 'db'])
    const { stdout } = await sandbox.succeeds(['export', 'database', 'db/app', '-o', '-'])
    expect(comparable(stdout)).toBe(before)
    expect(
      (await must(['docker', 'volume', 'ls', '--quiet', '--filter', `name=${sandbox.name}_throwaway`])).stdout,
    ).toBe('')
    expect((await must(['docker', 'ps', '--all', '--quiet', '--filter', `name=${sandbox.name}-alone`])).stdout).toBe('')
  })

  it('exports configuration, volumes and code as plain files', async () => {
    const { stdout } = await sandbox.succeeds(['export', 'config', '.env', '-o', '-'])
    expect(stdout).toBe('SECRET=hush\n')
    await sandbox.succeeds(['export', 'config', '-o', at('settings')])
    expect(await fs.readFile(at('settings/.env'), 'utf8')).toBe('SECRET=hush\n')
    await sandbox.succeeds(['export', 'volume', 'uploads', '-o', at('uploads.tar')])
    expect((await must(['tar', '-tf', at('uploads.tar')])).stdout).toContain('./')
    await sandbox.succeeds(['export', 'code', '-o', at('code.tar')])
    expect((await must(['tar', '-tf', at('code.tar')])).stdout).toContain('files/')
  })

  it("takes a copied data directory for the server's volume, its owners and modes repaired, when a server starts on it", async () => {
    await sql(`UPDATE notes SET text = 'in the copy'`)
    const before = await state()
    await sandbox.compose('stop', '--timeout', '10', 'db')
    await must(['docker', 'cp', `${containerOf(sandbox, 'db')}:/var/lib/postgresql/data`, at('_data')])
    await sandbox.compose('up', '--detach', '--wait')
    await must(['chmod', '-R', 'a+rwX', at('_data')])
    await sql('DELETE FROM notes')
    const [told] = JSON.parse((await sandbox.succeeds(['--json', 'import', '_data'])).stdout) as {
      point: string
      isNew: boolean
    }[]
    await must(['tar', '-C', sandbox.project, '-czf', at('data.tgz'), '_data'])
    const again = JSON.parse((await sandbox.succeeds(['--json', 'import', 'data.tgz'])).stdout) as (typeof told)[]
    expect(again).toMatchObject([{ point: told?.point, isNew: false }])
    expect(
      (await must(['docker', 'volume', 'ls', '--quiet', '--filter', `name=${sandbox.name}_throwaway`])).stdout,
    ).toBe('')
    await sandbox.succeeds(['restore', 'volume', 'data', '--point', told!.point, '--yes'])
    expect(await state()).toBe(before)
    const modes = await must([
      'docker',
      'exec',
      containerOf(sandbox, 'db'),
      'find',
      '/var/lib/postgresql/data',
      '!',
      '-user',
      'postgres',
      '-o',
      '-perm',
      '/077',
    ])
    expect(modes.stdout).toBe('')
    await fs.rm(at('_data/global/pg_control'))
    expect((await sandbox.aidatavault(['import', '_data'])).code).toBe(47)
  })
})
