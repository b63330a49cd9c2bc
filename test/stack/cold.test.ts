import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, serverState } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import {
  containerOf,
  countNotes,
  destroyProject,
  fillDatabase,
  inService,
  serverOf,
  smallComposeFile,
  writeFiles,
} from './small-project.ts'
import { volumeState } from './volume-state.ts'

interface Point {
  readonly point: string
  readonly state: string
  readonly downMs: number
}

describe.skipIf(skipsStack)('a cold copy', () => {
  let sandbox: Sandbox
  const data = () => `${sandbox.name}_data`
  const backup = async (...args: string[]): Promise<Point> =>
    JSON.parse((await sandbox.succeeds(['--json', 'backup', ...args])).stdout) as Point
  const running = async () =>
    (await sandbox.compose('ps', '--services', '--status', 'running')).stdout.split('\n').filter(Boolean).toSorted()
  const inData = (line: string) =>
    must([
      'docker',
      'run',
      '--rm',
      '--user',
      '0',
      '-v',
      `${data()}:/v`,
      '--entrypoint',
      'sh',
      'postgres:17',
      '-ec',
      line,
    ])
  let cold: Point

  beforeAll(async () => {
    sandbox = await Sandbox.make('cold')
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile, 'README.md': 'cold\n' })
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept', 1000)
    await inService(containerOf(sandbox, 'app'), 'echo a >/uploads/a')
    await sandbox.succeeds(['init', sandbox.vault])
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  it('stops the server for as long as it is read, tells for how long, and is complete', async () => {
    const plan = await sandbox.succeeds(['backup', '--cold', '--plan'])
    expect(plan.stdout).toMatch(/volume data[^]*db/)
    expect(plan.stdout).not.toContain('databases of')
    const before = (await must(['docker', 'inspect', '--format', '{{.State.StartedAt}}', containerOf(sandbox, 'app')]))
      .stdout
    cold = await backup('--cold')
    expect(cold.state).toBe('complete')
    expect(cold.downMs).toBeGreaterThan(0)
    expect(await running()).toEqual(['app', 'db'])
    // Only who writes to the files is stopped.
    expect(
      (await must(['docker', 'inspect', '--format', '{{.State.StartedAt}}', containerOf(sandbox, 'app')])).stdout,
    ).toBe(before)
    await sandbox.compose('up', '--detach', '--wait')
    const again = JSON.parse((await sandbox.succeeds(['--json', 'backup', '--cold', 'db'])).stdout) as {
      summary: { dataAddedPacked: number }
    }
    expect(again.summary.dataAddedPacked).toBeLessThan(2_000_000)
    await sandbox.compose('up', '--detach', '--wait')
  }, 120_000)

  it('takes the server back into the living project, and undo takes that back', async () => {
    await ask(serverOf(sandbox), 'postgres', `DELETE FROM notes; CREATE TABLE later (id int)`)
    await sandbox.succeeds(['restore', 'volume', 'data', '--point', cold.point, '--yes'])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    await sandbox.succeeds(['undo', '--yes'])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('0')
    expect(await ask(serverOf(sandbox), 'postgres', 'SELECT count(*) FROM later')).toBe('0')
    await sandbox.succeeds(['restore', 'volume', data(), '--point', cold.point, '--yes'])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
  }, 180_000)

  it('of a server that no longer starts is taken first; what does not come up is taken back', async () => {
    await sandbox.compose('stop')
    await inData('cd /v; mv global/pg_control kept-control; echo broken >global/pg_control')
    const broken = await volumeState(data())
    const refused = await sandbox.aidatavault(['backup'])
    expect([refused.code, refused.stderr]).toEqual([35, expect.stringContaining('--cold')])
    const first = await backup('--cold')
    expect([first.state, first.downMs]).toEqual(['complete', 0])
    expect(await running()).toEqual([])
    await sandbox.succeeds(['restore', 'volume', 'data', '--point', cold.point, '--yes'])
    await sandbox.compose('start')
    await sandbox.compose('up', '--detach', '--wait')
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    const living = await serverState(serverOf(sandbox))
    // The broken one comes back whole too, and does not start: so it does not stay.
    const failed = await sandbox.aidatavault(['restore', 'volume', 'data', '--point', first.point, '--yes'])
    expect([failed.code, failed.stderr]).toEqual([35, expect.stringContaining('did not come up')])
    await sandbox.compose('up', '--detach', '--wait')
    expect(await serverState(serverOf(sandbox))).toEqual(living)
    await sandbox.succeeds(['restore', 'volume', 'data', '--point', first.point, '--into', `${sandbox.name}-broken`])
    expect(await volumeState(`${sandbox.name}-broken`)).toEqual(broken)
  }, 240_000)

  it('brings the whole project back on an empty machine, without any dump', async () => {
    const before = await serverState(serverOf(sandbox))
    const identifier = () => ask(serverOf(sandbox), 'postgres', 'SELECT system_identifier FROM pg_control_system()')
    const was = await identifier()
    await backup('--cold')
    await destroyProject(sandbox)
    await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
    expect(await serverState(serverOf(sandbox))).toEqual(before)
    expect(await identifier()).toBe(was)
    expect(await fs.readFile(`${sandbox.project}/README.md`, 'utf8')).toBe('cold\n')
    // Another server in its place is not overwritten before that is named.
    await sandbox.compose('down', '--volumes', '--timeout', '2')
    await sandbox.compose('up', '--detach', '--wait')
    const restore = ['restore', 'volume', 'data', '--yes']
    const refused = await sandbox.aidatavault(restore)
    expect([refused.code, refused.stderr]).toEqual([45, expect.stringContaining(`--accept system=${was}`)])
    await sandbox.succeeds([...restore, '--accept', `system=${was}`])
    expect(await identifier()).toBe(was)
  }, 180_000)

  it('is not taken of what is no server of this project', async () => {
    const refused = await sandbox.aidatavault(['backup', '--cold', 'app'])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('there are: db')])
  })
})
