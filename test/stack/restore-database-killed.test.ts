import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { count, databaseProject, databasesOf, type DatabaseProject } from './restore-database-project.ts'

// The steps of a restore of one database, as its journal has them.
const steps = ['begun', 'fill app', 'check app', 'stop services', 'exchange', 'log in', 'start services'] as const
// And of a restore of tables.
const tableSteps = ['fill app', 'exchange rows', 'remove'] as const

// A restore takes seconds; where other tests use the processors too, a minute.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

describe.skipIf(skipsStack)('restore database, killed', () => {
  let project: DatabaseProject
  let point: string

  beforeAll(async () => {
    project = await databaseProject('killeddb')
    const { stdout } = await project.sandbox.succeeds(['--json', 'backup', '--only', 'database'])
    point = (JSON.parse(stdout) as { point: string }).point
  })
  afterAll(() => project?.sandbox.end())

  it.each(steps)('at %s leaves, after the next command, one whole database and everything running', async step => {
    const { sandbox, server } = project
    const mark = `before ${step}`
    await ask(server, 'app', `INSERT INTO author (name) VALUES ('${mark}')`)
    const before = await databasesOf(server)
    const reached = await killAt(
      project,
      ['restore', 'database', 'db/app', '--point', point, '--no-safety-point', '--yes'],
      step,
    )
    const { stderr } = await sandbox.succeeds(['backup', '--only', 'config'])
    expect(stderr).toContain('was interrupted')
    const isOld = (await count(server, 'app', `SELECT count(*) FROM author WHERE name = '${mark}'`)) === 1
    const after = await databasesOf(server)
    const added = after.filter(name => !before.includes(name))
    if (isOld) expect(added).toEqual([])
    else {
      expect(added).toEqual([expect.stringMatching(/^app_old_/)])
      expect(await count(server, 'app', 'SELECT count(*) FROM author')).toBe(10)
    }
    if (['begun', 'fill app', 'check app'].includes(reached)) expect(isOld).toBe(true)
    if (reached === 'start services') expect(isOld).toBe(false)
    const running = await sandbox.compose('ps', '--services', '--status', 'running')
    expect(running.stdout.split('\n').filter(Boolean).toSorted()).toEqual(['app', 'db', 'other'])
    expect(await count(server, 'app', 'SELECT count(*) FROM note')).toBe(1000)
    expect(await staged(project)).toBe('')
  })

  it.each(tableSteps)('a table, at %s leaves all of its rows of one time', async step => {
    const { sandbox, server } = project
    await ask(server, 'app', `UPDATE note SET text = 'broken'`)
    const before = await databasesOf(server)
    const table = ['--table', 'note', '--point', point, '--no-safety-point', '--yes']
    const reached = await killAt(project, ['restore', 'database', 'db/app', ...table], step, tableSteps)
    const { stderr } = await sandbox.succeeds(['backup', '--only', 'config'])
    const isNew = /interrupted \(at: [^)]+\): it had succeeded/.test(stderr)
    const broken = await count(server, 'app', `SELECT count(*) FROM note WHERE text = 'broken'`)
    expect([broken, await count(server, 'app', 'SELECT count(*) FROM note')]).toEqual([isNew ? 0 : 1000, 1000])
    if (reached === 'remove') expect(isNew).toBe(true)
    if (reached === 'fill app') expect(isNew).toBe(false)
    expect(await databasesOf(server)).toEqual(before)
  })
})

/** Runs the program and kills it outright as soon as its journal says this step, or one after it. Resolves to that step. */
async function killAt(
  { sandbox }: DatabaseProject,
  args: readonly string[],
  step: string,
  order: readonly string[] = steps,
): Promise<string> {
  const folder = sandbox.at(sandbox.name, '.aidatavault', 'restores')
  const known = new Set(await fs.readdir(folder).catch(() => []))
  const [command = '', ...rest] = sandbox.argv(args)
  const child = spawn(command, rest, {
    cwd: sandbox.project,
    env: { ...process.env, ...sandbox.env() },
    stdio: 'ignore',
    detached: true,
  })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  let gone = false
  void ended.then(() => (gone = true))
  for (;;) {
    const now = await stepIn(folder, known)
    if (now !== undefined && order.indexOf(now) >= order.indexOf(step)) {
      process.kill(-child.pid!, 'SIGKILL')
      await ended
      return (await stepIn(folder, known)) ?? now
    }
    if (gone) throw new Error(`it ended before ${step} was seen`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

async function stepIn(folder: string, known: ReadonlySet<string>): Promise<string | undefined> {
  const file = (await fs.readdir(folder).catch(() => [])).find(name => name.endsWith('.json') && !known.has(name))
  if (file === undefined) return undefined
  const text = await fs.readFile(`${folder}/${file}`, 'utf8').catch(() => '{}')
  return (JSON.parse(text) as { step?: string }).step
}

/** Files of ours in the server's container. */
const staged = async ({ server }: DatabaseProject): Promise<string> =>
  ask(server, 'postgres', `SELECT string_agg(name, ' ') FROM pg_ls_dir('/tmp') AS name WHERE name LIKE 'aidatavault%'`)
