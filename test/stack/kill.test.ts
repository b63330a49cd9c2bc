import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, serverState } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import {
  commitFiles,
  containerOf,
  destroyProject,
  fillDatabase,
  inService,
  leftContainers,
  serverOf,
  smallComposeFile,
  writeFiles,
} from './small-project.ts'
import { volumeState } from './volume-state.ts'

const moments = 4

/** Starts a run in a process group of its own, and kills it after some time: it alone, or its whole group. */
async function killAfter(
  sandbox: Sandbox,
  args: readonly string[],
  ms: number,
  group: boolean,
): Promise<number | null> {
  const [program = '', ...rest] = sandbox.argv(args)
  const cwd = sandbox.folder
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, ...sandbox.env() },
    detached: true,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  const pid = child.pid ?? 0
  await Promise.race([sleep(ms), ended])
  if (child.exitCode === null) process.kill(group ? -pid : pid, 'SIGKILL')
  await ended
  return child.exitCode
}

const momentsOf = (totalMs: number) =>
  Array.from({ length: moments }, (_, at) => ({ ms: (totalMs * (at + 1)) / (moments + 1), group: at % 2 === 1 }))

async function durationOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const volumes = ({ name }: Sandbox) => volumeState(`${name}_uploads`)

describe.skipIf(skipsStack)('killed with -9', () => {
  let sandbox: Sandbox
  const inProject = () => ['--project-directory', sandbox.project]
  const snapshots = () => fs.readdir(sandbox.at('vault/snapshots'))

  beforeAll(async () => {
    sandbox = await Sandbox.make('kill')
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile, 'README.md': 'small\n' })
    await commitFiles(sandbox)
    await writeFiles(sandbox.project, { 'README.md': 'changed\n', '.env': "SECRET='value'\n" })
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept', 20_000)
    const uploads = 'for i in $(seq 200); do head -c 20000 /dev/urandom >/uploads/$i; done; ln /uploads/1 /uploads/hard'
    await inService(containerOf(sandbox, 'app'), uploads)
    await sandbox.succeeds(['init', sandbox.vault])
  }, 300_000)

  afterAll(() => sandbox.end(), 120_000)

  it('a backup leaves no wrong point and no harm, and the next one succeeds', async () => {
    const backup = [...inProject(), 'backup']
    const wholeMs = await durationOf(() => sandbox.succeeds(backup))
    for (const { ms, group } of momentsOf(wholeMs)) {
      const had = (await snapshots()).length
      const code = await killAfter(sandbox, backup, ms, group)
      // A kill between the last write and the end leaves a whole point; anything earlier leaves none.
      expect((await snapshots()).length - had, `killed after ${ms} ms`).toBeLessThanOrEqual(1)
      if (code === 0) expect((await snapshots()).length).toBe(had + 1)
      await inService(containerOf(sandbox, 'app'), `head -c 20000 /dev/urandom >/uploads/new-${Math.round(ms)}`)
    }
    await sandbox.succeeds(backup)
    expect(await leftContainers(sandbox)).toEqual([])
    expect(await sessions(sandbox)).toBe('0')
    await sandbox.restic('check', '--read-data')
    const points = JSON.parse((await sandbox.succeeds([...inProject(), '--json', 'points'])).stdout) as {
      state: string
    }[]
    expect(points.length).toBe((await snapshots()).length)
    expect(points.filter(({ state }) => state !== 'complete')).toEqual([])
  }, 600_000)

  it('a recovery continues when it is started again, and everything is there', async () => {
    await sandbox.succeeds([...inProject(), 'backup'])
    const database = await serverState(serverOf(sandbox))
    const uploads = await volumes(sandbox)
    const recover = ['recover', sandbox.vault, sandbox.project]
    const locks = () => fs.readdir(sandbox.at('vault/locks'))
    let locked = 0
    await destroyProject(sandbox)
    const wholeMs = await durationOf(() => sandbox.succeeds(recover))
    for (const { ms, group } of momentsOf(wholeMs)) {
      await destroyProject(sandbox)
      const code = await killAfter(sandbox, recover, ms, group)
      locked += (await locks()).length
      if (code !== 0 && !(await isDone(sandbox))) await sandbox.succeeds(recover)
      expect(await serverState(serverOf(sandbox)), `killed after ${ms} ms`).toEqual(database)
      expect(await volumes(sandbox)).toEqual(uploads)
      expect((await sandbox.must(['git', 'status', '--short'])).stdout).toBe(
        ' M README.md\n?? .env\n?? aidatavault.yml\n',
      )
      expect(await leftContainers(sandbox)).toEqual([])
    }
    expect(locked, 'recoveries that kept out what deletes').toBeGreaterThan(0)
    expect(await locks()).toEqual([])
    await sandbox.restic('check', '--read-data')
  }, 900_000)

  it('Ctrl-C ends a backup in order: no point, no lock, no container', async () => {
    const had = (await snapshots()).length
    const [program = '', ...rest] = sandbox.argv([...inProject(), 'backup'])
    const child = spawn(program, rest, {
      env: { ...process.env, ...sandbox.env() },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (piece: Buffer) => {
      // One dump is in, the others are not, and files are read beside them.
      if (!said.includes('✓ database ') && String(piece).includes('✓ database ')) child.kill('SIGINT')
      said += String(piece)
    })
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(130)
    expect(said).toContain('interrupted')
    expect((await snapshots()).length).toBe(had)
    expect(await fs.readdir(sandbox.at('vault/locks'))).toEqual([])
    expect(await leftContainers(sandbox)).toEqual([])
    await sandbox.succeeds([...inProject(), 'backup'])
  }, 120_000)
})

/** Sessions at the database besides the one that asks. */
const sessions = (sandbox: Sandbox) =>
  ask(
    serverOf(sandbox),
    'postgres',
    `SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  )

/** The kill came after the recovery's last act: its own note of what is still to do is gone. */
async function isDone(sandbox: Sandbox): Promise<boolean> {
  const names: string[] = await fs.readdir(sandbox.project).catch(() => [])
  return names.includes('docker-compose.yml') && !names.includes('.aidatavault-recovery.json')
}
