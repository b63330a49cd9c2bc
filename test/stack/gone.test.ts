import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import {
  commitFiles,
  containerOf,
  countNotes,
  fillDatabase,
  inService,
  serverOf,
  smallComposeFile,
  writeFiles,
} from './small-project.ts'
import { volumeState } from './volume-state.ts'

/** Kills a restore when its journal says that a step is done. */
async function killAfterStep(sandbox: Sandbox, args: readonly string[], step: string): Promise<void> {
  const [program = '', ...rest] = sandbox.argv(args)
  const env = { ...process.env, ...sandbox.env() }
  const child = spawn(program, rest, { cwd: sandbox.project, env, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const journal = sandbox.at(sandbox.name, '.aidatavault-recovery.json')
  const isDone = async () => (await fs.readFile(journal, 'utf8').catch(() => '')).includes(`"step": "${step}"`)
  while (child.exitCode === null && !(await isDone())) await sleep(5)
  child.kill('SIGKILL')
  await ended
  expect(child.signalCode, `it had ended before ${step} was seen`).toBe('SIGKILL')
}

describe.skipIf(skipsStack)('data that is gone while the folder is there', () => {
  let sandbox: Sandbox
  let uploads: readonly string[]
  const state = () => volumeState(`${sandbox.name}_uploads`)

  beforeAll(async () => {
    sandbox = await Sandbox.make('gone')
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile, 'README.md': 'small\n' })
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await inService(containerOf(sandbox, 'app'), 'echo a photo >/uploads/a.jpg')
    uploads = await state()
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
    await writeFiles(sandbox.project, { 'README.md': 'changed since\n' })
  }, 300_000)

  afterAll(() => sandbox.end(), 120_000)

  it('is not there to be restored while nothing is gone', async () => {
    const refused = await sandbox.aidatavault(['restore', 'data', '--yes'])
    expect(refused.code, refused.stderr).toBe(40)
    expect(refused.stderr).toContain('nothing is gone')
  })

  it('comes back after docker compose down --volumes, and the folder stays as it is', async () => {
    await sandbox.compose('down', '--volumes', '--timeout', '2')
    await sandbox.succeeds(['restore', 'data', '--yes'])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect(await state()).toEqual(uploads)
    expect(await fs.readFile(sandbox.at(sandbox.name, 'README.md'), 'utf8')).toBe('changed since\n')
    expect((await sandbox.must(['git', 'status', '--short'])).stdout).toMatch(/^ M README.md$/m)
  }, 120_000)

  it('comes back where a part is gone, and what is there keeps what was written since', async () => {
    await fillDatabaseMore(sandbox)
    await sandbox.compose('down', '--timeout', '2')
    await sandbox.must(['docker', 'volume', 'rm', `${sandbox.name}_uploads`])
    await sandbox.succeeds(['restore', 'data', '--yes'])
    expect(await state()).toEqual(uploads)
    expect(await countNotes(serverOf(sandbox), 'since')).toBe('5')
  }, 120_000)

  it('comes back also when the restore is killed in the middle and started again', async () => {
    await sandbox.compose('down', '--volumes', '--timeout', '2')
    await killAfterStep(sandbox, ['restore', 'data', '--yes'], 'volume uploads')
    await sandbox.succeeds(['restore', 'data', '--yes'])
    expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    expect(await state()).toEqual(uploads)
  }, 120_000)
})

const fillDatabaseMore = (sandbox: Sandbox) =>
  sandbox.must([
    ...['docker', 'exec', containerOf(sandbox, 'db'), 'psql', '-qU', 'postgres', '-c'],
    "INSERT INTO notes (text) SELECT 'since ' || i FROM generate_series(1, 5) i",
  ])
