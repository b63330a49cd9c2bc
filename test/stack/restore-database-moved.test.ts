import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import {
  composeFileWithLogin,
  count,
  databaseProject,
  databasesOf,
  type DatabaseProject,
} from './restore-database-project.ts'
import { containerOf, inService, writeFiles } from './small-project.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

// In memory, so that it can be filled in a moment and nothing else notices.
const smallDisk = `  small: { driver: local, driver_opts: { type: tmpfs, device: tmpfs, o: size=400m } }`

describe.skipIf(skipsStack)('restore database, into another server', () => {
  let project: DatabaseProject
  let system: string

  beforeAll(async () => {
    project = await databaseProject('moveddb', composeFileWithLogin('old', 'postgres:15'))
    const { sandbox, server } = project
    const rows = `CREATE TABLE bulk AS SELECT n AS id, repeat(md5(n::text), 20) AS text FROM generate_series(1, 60000) n`
    await ask(server, 'app', rows)
    system = await ask(server, 'app', 'SELECT system_identifier FROM pg_control_system()')
    await sandbox.succeeds(['backup'])
    await sandbox.compose('down', '--timeout', '2')
    await writeFiles(sandbox.project, { 'compose.yaml': composeFileWithLogin('small', 'postgres:17', smallDisk) })
    await sandbox.compose('up', '--detach', '--wait')
    await ask(server, 'postgres', `CREATE ROLE app LOGIN PASSWORD 'of the app'`)
  })
  afterAll(() => project?.sandbox.end())

  const restore = (...args: string[]) =>
    project.sandbox.aidatavault(['restore', 'database', 'db/app', ...args, '--yes'])

  it('refuses a server that the point is not of, until it is named', async () => {
    const { code, stderr } = await restore()
    expect([code, stderr]).toEqual([45, expect.stringContaining(`--accept system=${system}`)])
    expect(await databasesOf(project.server)).toEqual(['postgres'])
  })

  it('brings a database of PostgreSQL 15 back in 17, its owner made again', async () => {
    const { code, stderr } = await restore('--accept', `system=${system}`)
    expect([code, stderr]).toEqual([0, expect.stringContaining('roles that were missing are made again: owner')])
    expect(await count(project.server, 'app', 'SELECT count(*) FROM bulk')).toBe(60000)
    const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'`
    expect(await ask(project.server, 'app', owner)).toBe('owner')
  })

  it('stops when the disk is full: the old database serves, and nothing else is left, at the latest after the next command', async () => {
    const { sandbox, server } = project
    await ask(server, 'app', `INSERT INTO author (name) VALUES ('of today')`)
    const restoring = restore('--accept', `system=${system}`, '--no-safety-point')
    await reaches(sandbox.at(sandbox.name, '.aidatavault', 'restores'), 'fill app')
    const place = '/var/lib/postgresql/data'
    const leave = `free=$(df -Pm ${place} | awk 'END { print $4 }'); head -c $((free - 56))M /dev/zero >${place}/ballast || true`
    await inService(containerOf(sandbox, 'db'), leave)
    const { code, stderr } = await restoring
    await inService(containerOf(sandbox, 'db'), `rm ${place}/ballast`)
    expect([code, stderr]).toEqual([17, expect.stringContaining('ran full')])
    expect(await count(server, 'app', `SELECT count(*) FROM author WHERE name = 'of today'`)).toBe(1)
    await sandbox.succeeds(['backup', '--only', 'config'])
    expect(await databasesOf(server)).toEqual(['app', 'postgres'])
  })

  it('names the room that is lacking before anything is touched', async () => {
    const place = '/var/lib/postgresql/data'
    const leave = `free=$(df -Pm ${place} | awk 'END { print $4 }'); head -c $((free - 60))M /dev/zero >${place}/ballast`
    await inService(containerOf(project.sandbox, 'db'), leave)
    const { code, stderr } = await restore('--accept', `system=${system}`)
    await inService(containerOf(project.sandbox, 'db'), `rm ${place}/ballast`)
    expect([code, stderr]).toEqual([17, expect.stringContaining('MB are free')])
  })
})

/** Waits until the newest journal of the folder says this step. */
async function reaches(folder: string, step: string): Promise<void> {
  const known = new Set(await readdir(folder))
  for (;;) {
    const name = (await readdir(folder)).find(one => one.endsWith('.json') && !known.has(one))
    const text = name === undefined ? '' : await readFile(`${folder}/${name}`, 'utf8').catch(() => '')
    if (text.includes(`"step": "${step}"`)) return
    await sleep(5)
  }
}
