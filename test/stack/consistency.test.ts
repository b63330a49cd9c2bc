import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Manifest } from '../../contract/manifest.ts'
import { skipsStack } from './engine.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { commitFiles, containerOf, idleService, inService, postgresService, writeFiles } from './small-project.ts'

// It says in its volume whether it runs; told to end, it needs a moment to put that right.
const honest =
  "trap 'sleep 0.3; echo stopped >/uploads/state; exit' TERM; echo running >/uploads/state; while :; do sleep 0.1; done"

const composeFile = `
services:
  db:${postgresService('data')}
    labels: { docker-volume-backup.stop-during-backup: 'true' }
  app:
    image: node:24-slim
    command: [sh, -c, "${honest}"]
    labels: { aidatavault.consistency: stop }
    volumes: ['uploads:/uploads']
  cache:${idleService}
    labels: { aidatavault.consistency: stop }
    volumes: ['kept:/kept']
  old:${idleService}
    labels: { docker-volume-backup.stop-during-backup: 'true' }
    volumes: ['more:/more']
  web:${idleService}
    volumes: ['free:/free']
volumes: { data: , uploads: , kept: , more: , free: }
`

const configuration = `
services:
  cache: { consistency: pause }
hooks:
  beforeCapture:
    - { run: 'echo "$AIDATAVAULT_EVENT as $(id -un)" >/tmp/hooked', service: web, user: node }
    - { run: 'sleep 1234', service: web, timeout: 1s, onError: warn }
  afterCapture:
    - { run: 'echo "$AIDATAVAULT_PROJECT $AIDATAVAULT_POINT" >../after' }
    - { run: 'echo "password is $POSTGRES_PASSWORD"', service: db }
`

describe.skipIf(skipsStack)('a backup of services that are to be quiet', () => {
  let sandbox: Sandbox
  let began: string
  const startOf = async (service: string) =>
    (await must(['docker', 'inspect', '--format', '{{.State.StartedAt}}', containerOf(sandbox, service)])).stdout
  const statusOf = async (...services: string[]) =>
    (
      await must([
        'docker',
        'inspect',
        '--format',
        '{{.State.Status}}',
        ...services.map(one => containerOf(sandbox, one)),
      ])
    ).stdout.trim()
  /** What the engine did to a container since the test began. */
  const eventsOf = async (service: string) => {
    const until = (await must(['docker', 'info', '--format', '{{.SystemTime}}'])).stdout.trim()
    const filters = ['--filter', `container=${containerOf(sandbox, service)}`, '--format', '{{.Action}}']
    const said = await must(['docker', 'events', '--since', began, '--until', until, ...filters])
    return said.stdout.split('\n').filter(word => ['pause', 'unpause', 'stop', 'start'].includes(word))
  }
  const manifestOf = async (point: string) =>
    (JSON.parse((await sandbox.succeeds(['--json', 'points', 'show', point])).stdout) as { manifest: Manifest })
      .manifest
  const stateInPoint = async (point: string) =>
    (await sandbox.restic('dump', point, '/volumes/uploads/state')).stdout.trim()

  beforeAll(async () => {
    sandbox = await Sandbox.make('consistent')
    await writeFiles(sandbox.project, { 'docker-compose.yml': composeFile })
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach', '--wait')
    await sandbox.succeeds(['init', sandbox.vault])
    await fs.appendFile(sandbox.at(sandbox.name, 'aidatavault.yml'), configuration)
    began = (await must(['docker', 'info', '--format', '{{.SystemTime}}'])).stdout.trim()
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  it('says before what it will pause and stop, why, and while it reads what', async () => {
    const { stdout } = await sandbox.succeeds(['backup', '--plan'])
    const read = 'while it reads volume kept, volume more, volume uploads'
    expect(stdout).toContain(`stops  app ${read} (label aidatavault.consistency)`)
    expect(stdout).toContain(`pauses  cache ${read} (aidatavault.yml)`)
    expect(stdout).toContain(`stops  old ${read} (label docker-volume-backup.stop-during-backup)`)
    expect(stdout).not.toMatch(/(stops|pauses) {2}(db|web)/)
    expect(await eventsOf('app')).toEqual([])
  }, 180_000)

  it('reads their volumes while they are quiet, and no longer; the database goes on; hooks run around it', async () => {
    const before = [await startOf('db'), await startOf('web')]
    const { stdout, stderr } = await sandbox.succeeds(['--json', '--verbose', 'backup'])
    const { point, downMs } = JSON.parse(stdout) as { point: string; downMs: number }
    expect(await statusOf('app', 'cache', 'old', 'web', 'db')).toBe('running\nrunning\nrunning\nrunning\nrunning')
    expect(await stateInPoint(point)).toBe('stopped')
    expect(await eventsOf('app')).toEqual(['stop', 'start'])
    expect(await eventsOf('cache')).toEqual(['pause', 'unpause'])
    expect(await eventsOf('old')).toEqual(['stop', 'start'])
    expect([await startOf('db'), await startOf('web')]).toEqual(before)
    const manifest = await manifestOf(point)
    const consistency = Object.fromEntries(manifest.volumes.map(volume => [volume.key, volume.consistency]))
    expect(consistency).toEqual({ uploads: 'stop', kept: 'pause', more: 'stop', free: undefined })
    expect(manifest.downMs).toBe(downMs)
    expect(downMs).toBeGreaterThan(300)
    expect(manifest.state).toBe('complete')
    expect((await inService(containerOf(sandbox, 'web'), 'cat /tmp/hooked')).stdout).toBe('beforeCapture as node\n')
    expect(await fs.readFile(sandbox.at('after'), 'utf8')).toBe(`${sandbox.name} ${point}\n`)
    expect(stderr).toContain('hook beforeCapture 2 in service web took longer than 1s and was ended')
    const processes = await inService(containerOf(sandbox, 'web'), 'cat /proc/[0-9]*/cmdline | tr "\\\\0" " "')
    expect(processes.stdout).not.toContain('1234')
  }, 180_000)

  it('shows what hooks say with --verbose, never with a password in it', async () => {
    const { stderr } = await sandbox.succeeds(['--verbose', 'backup', '--only', 'config'])
    expect(stderr).toContain('| password is ***')
    expect((await sandbox.succeeds(['backup', '--only', 'config'])).stderr).not.toContain('password is')
    expect(Buffer.concat(sandbox.said).toString()).not.toContain('pa$word')
  }, 180_000)

  it('lets them go on when it is interrupted, and when it is killed with -9', async () => {
    const lines = 'head -c 25000000 /dev/urandom >/uploads/large'
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      await inService(containerOf(sandbox, 'app'), lines)
      const [program = '', ...rest] = sandbox.argv(['backup'])
      const env = { ...process.env, ...sandbox.env() }
      const child = spawn(program, rest, { cwd: sandbox.project, env, detached: true, stdio: 'ignore' })
      await eventually(async () => (await records()).includes('"quiet"'))
      process.kill(signal === 'SIGINT' ? (child.pid ?? 0) : -(child.pid ?? 0), signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      expect(code).toBe(signal === 'SIGINT' ? 130 : null)
      await eventually(async () => (await records()) === '')
      expect(await statusOf('app', 'cache', 'old')).toBe('running\nrunning\nrunning')
    }
    await sandbox.succeeds(['backup'])
  }, 300_000)

  it('leaves alone what does not run, and says so of a name that is none', async () => {
    await sandbox.compose('stop', 'app', 'old')
    const byHand = `${sandbox.name}-by-hand`
    const mount = `${sandbox.name}_kept:/kept`
    await must([
      'docker',
      'run',
      '--detach',
      '--init',
      '--name',
      byHand,
      '--volume',
      mount,
      'node:24-slim',
      'sleep',
      '1000',
    ])
    const { stdout, stderr } = await sandbox.succeeds(['--json', 'backup', '--only', 'volume'])
    const { point } = JSON.parse(stdout) as { point: string }
    expect(stderr).toContain(`volume kept: ${byHand} can write to it too`)
    const { quieted, volumes } = await manifestOf(point)
    expect(quieted).toEqual([{ service: 'cache', mode: 'pause' }])
    // Somebody could write to it, so nobody says that it was quiet.
    expect(volumes.filter(({ consistency }) => consistency)).toEqual([])
    expect(await statusOf('app', 'cache', 'old')).toBe('exited\nrunning\nexited')
    const file = sandbox.at(sandbox.name, 'aidatavault.yml')
    await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('cache:', 'cachet:'))
    const refused = await sandbox.aidatavault(['backup'])
    expect([refused.code, refused.stderr]).toEqual([31, expect.stringContaining('services.cachet: there is no such')])
  }, 180_000)

  /** What is written down of quieted services, '' where nothing is. */
  async function records(): Promise<string> {
    const folder = sandbox.at(sandbox.name, '.aidatavault')
    const names = await fs.readdir(folder).catch(() => [])
    const files = names.filter(name => /^quiet-.*json$/.test(name))
    return (await Promise.all(files.map(name => fs.readFile(`${folder}/${name}`, 'utf8').catch(() => '')))).join('')
  }
})

/** Looks until it is so; the test's own time ends it. */
async function eventually(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(10)
}
