import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../contract/run-record.ts'
import { readRuns } from '../../recovery/journal/run-history.ts'
import { skipsStack } from './engine.ts'
import { must, run } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { fillDatabase, serverOf, smallComposeFile, writeFiles } from './small-project.ts'

const top = path.resolve(import.meta.dirname, '../..')

const everySecond = `schedule:
  jitter: 0s
  backup: "* * * * * *"
  copy: "* * * * * *"
  retain: "* * * * * *"
  check: "* * * * * *"
retain: { keepLast: 2 }
`

/** Where the docker command of this machine has Compose from. */
async function pluginFolder(): Promise<string> {
  const own = process.env['DOCKER_CONFIG'] ?? path.join(process.env['HOME'] ?? '', '.docker')
  const system = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(place => `${place}/docker`)
  for (const folder of [own, ...system].map(place => path.join(place, 'cli-plugins')))
    if (await fs.stat(path.join(folder, 'docker-compose')).catch(() => undefined)) return folder
  throw new Error('the docker command has no Compose')
}

describe.skipIf(skipsStack)('a project on a schedule', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await Sandbox.make('routine')
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile, 'README.md': 'mine' })
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['init', sandbox.at('second'), '--also'])
    await fs.appendFile(path.join(sandbox.project, 'aidatavault.yml'), everySecond)
  }, 240_000)
  afterAll(() => sandbox.end(), 120_000)

  const runs = () => readRuns(sandbox.project)
  const pointsIn = async (vault: string) => (await fs.readdir(path.join(vault, 'snapshots'))).length

  it('takes points, copies, keeps and checks them by itself, one after the other, until it is stopped', async () => {
    const stop = new AbortController()
    const ended = run(['timeout', '--signal=TERM', '--preserve-status', '90', ...sandbox.argv(['run'])], {
      cwd: sandbox.project,
      env: sandbox.env(),
    }).finally(() => stop.abort())
    const jobs = ['backup', 'copy', 'retain', 'check']
    const isDone = (all: readonly RunRecord[]) =>
      jobs.every(job => all.some(record => record.job === job && record.outcome === 'success'))
    while (!stop.signal.aborted && !isDone(await runs())) await new Promise(resolve => setTimeout(resolve, 500))
    const file = path.join(sandbox.project, '.aidatavault/schedule.lock')
    const text = await fs.readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) process.kill((JSON.parse(text) as { pid: number }).pid, 'SIGTERM')
    const { code, stderr } = await ended
    expect(code, stderr).toBe(0)

    const all = (await runs()).filter(({ outcome }) => outcome !== 'missed')
    expect(isDone(all)).toBe(true)
    expect(all.some(({ outcome }) => outcome === 'running' || outcome === 'failed')).toBe(false)
    for (const [at, record] of all.entries())
      expect(record.startedAt >= (all[at - 1]?.endedAt ?? ''), JSON.stringify(record)).toBe(true)
    const backup = all.find(({ job, outcome }) => job === 'backup' && outcome === 'success')
    expect(backup?.sources?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['databases of db', 'code', 'configuration', 'volume uploads']),
    )
    expect(backup).toMatchObject({ vault: sandbox.vault, bytesRead: expect.any(Number) as number })
    expect(await pointsIn(sandbox.at('second'))).toBeGreaterThanOrEqual(1)
    await sandbox.restic('check', '--read-data')
  }, 180_000)

  it('is kept by a container as well, from the file that is printed for it', async () => {
    const printed = sandbox.at('service.yaml')
    const { stdout } = await sandbox.succeeds(['run', '--print', 'compose'])
    await fs.writeFile(printed, stdout)
    await fs.mkdir(sandbox.at('config/aidatavault'), { recursive: true })
    // The image needs a registry; here the program and the docker command come from this machine.
    const docker = (await must(['bash', '-c', 'readlink -f "$(command -v docker)"'])).stdout.trim()
    const mounts = [top, docker, await pluginFolder()].map(place => `      - ${place}:${place}:ro\n`).join('')
    const override = `name: ${sandbox.name}-scheduler
services:
  aidatavault:
    build: !reset null
    image: node:24-slim
    entrypoint: [${top}/bin/aidatavault]
    environment: { AIDATAVAULT_PASSWORD: , PATH: '${path.dirname(docker)}:/usr/local/bin:/usr/bin:/bin' }
    volumes:
${mounts}`
    await fs.writeFile(sandbox.at('here.yaml'), override)
    const config = path.join(sandbox.project, 'aidatavault.yml')
    await fs.writeFile(config, (await fs.readFile(config, 'utf8')).replace(/^ {2}(copy|retain|check): .*\n/gm, ''))
    const files = ['--file', printed, '--file', sandbox.at('here.yaml')]
    const before = await runs()
    const { code, stderr } = await run(['docker', 'compose', ...files, 'run', '--rm', 'aidatavault', 'run', '--once'], {
      env: sandbox.env(),
    })
    expect(code, stderr).toBe(0)
    const [backup] = (await runs())
      .slice(before.length)
      .filter(({ job, outcome }) => job === 'backup' && outcome === 'success')
    expect(backup).toMatchObject({ hostname: os.hostname() })
    // The machine takes it for a point of its own.
    const status = await sandbox.succeeds(['status', '--json'])
    expect(JSON.parse(status.stdout)).toMatchObject({ newest: { point: backup?.point } })
  }, 120_000)
})
