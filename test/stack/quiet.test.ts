import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Run } from '../../recovery/domain/run.ts'
import { composeCli, dockerCli } from '../../recovery/drivers/docker/index.ts'
import { settleQuiet } from '../../recovery/operations/quiet/settle-quiet.ts'
import { withQuiet } from '../../recovery/operations/quiet/with-quiet.ts'
import { discoverProject } from '../../recovery/operations/index.ts'
import { quietRun } from '../../recovery/sources/testing/test-project.ts'
import { skipsStack } from './engine.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { containerOf, writeFiles } from './small-project.ts'

const service = (more: string) => `
    image: node:24-slim
    init: true
    stop_grace_period: 3s
    command: [sh, -c, 'rm -f /tmp/ready; sleep 2; touch /tmp/ready; exec sleep infinity']
    ${more}`

// Front needs middle, which takes no part, which needs back, which is ready only after two seconds.
const composeFile = `
services:
  front:${service('depends_on: [middle]')}
  middle:${service('depends_on: { back: { condition: service_healthy } }')}
  back:${service('healthcheck: { test: [CMD, test, -e, /tmp/ready], interval: 500ms, retries: 100 }')}
  twice:${service('scale: 2')}
  tenant:
    image: node:24-slim
    stop_grace_period: 2s
    # Without an init it does not hear that it is to end.
    command: [sleep, infinity]
    network_mode: 'service:back'
  off:${service('')}
`

interface State {
  readonly Status: string
  readonly StartedAt: string
}

describe.skipIf(skipsStack)('services that are quieted', () => {
  let sandbox: Sandbox
  const tools = { engine: dockerCli(), compose: composeCli() }
  const project = () => discoverProject({ directory: sandbox.project }, tools, quietRun())
  const name = (word: string) => containerOf(sandbox, word)
  const stateOf = async (word: string): Promise<State> =>
    JSON.parse((await must(['docker', 'inspect', '--format', '{{json .State}}', name(word)])).stdout) as State
  const status = async (...words: string[]) =>
    (await Promise.all(words.map(stateOf))).map(({ Status }) => Status).join(' ')
  const records = async () =>
    (await fs.readdir(path.join(sandbox.project, '.aidatavault'))).filter(file => file.startsWith('quiet-'))
  const quiet = async <T>(use: () => Promise<T>, run: Run = quietRun()) =>
    withQuiet(
      await project(),
      [
        { mode: 'stop', services: ['front', 'back', 'off'] },
        { mode: 'pause', services: ['twice'] },
      ],
      tools,
      run,
      use,
    )

  beforeAll(async () => {
    sandbox = await Sandbox.make('quiet')
    await writeFiles(sandbox.project, { 'docker-compose.yml': composeFile })
    await sandbox.compose('up', '--detach', '--wait')
    await must(['docker', 'stop', `${sandbox.name}-twice-2`, name('off')])
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  it('stop or pause together with what lives in their network, come back in order, and those that were stopped stay so', async () => {
    const { result, services, downMs } = await quiet(async () => {
      expect(await status('front', 'back', 'tenant', 'twice', 'middle')).toBe('exited exited exited paused running')
      return 'used'
    })
    expect(result).toBe('used')
    expect(services.toSorted()).toEqual(['back', 'front', 'tenant', 'twice'])
    expect(await status('front', 'back', 'tenant', 'twice', 'twice')).toBe('running running running running running')
    expect((await must(['docker', 'inspect', '--format', '{{.State.Status}}', `${sandbox.name}-twice-2`])).stdout).toBe(
      'exited\n',
    )
    expect(await status('off')).toBe('exited')
    const [front, back] = [await stateOf('front'), await stateOf('back')]
    // Back is healthy no sooner than two seconds after its start; the clock is the engine's.
    expect(Date.parse(front.StartedAt) - Date.parse(back.StartedAt)).toBeGreaterThan(1900)
    expect(downMs).toBeGreaterThan(2000)
    expect(await records()).toEqual([])
  }, 180_000)

  it('come back when the use fails, and when it is interrupted', async () => {
    await expect(quiet(() => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    expect(await status('front', 'back', 'twice')).toBe('running running running')
    const interruption = new AbortController()
    const run = quietRun(interruption.signal)
    const interrupted = quiet(async () => {
      interruption.abort()
      run.signal.throwIfAborted()
    }, run)
    await expect(interrupted).rejects.toThrow('abort')
    expect(await status('front', 'back', 'twice')).toBe('running running running')
    expect(await records()).toEqual([])
  }, 180_000)

  it('run in their new form where the use has replaced their containers', async () => {
    const before = (await must(['docker', 'inspect', '--format', '{{.Id}}', name('front')])).stdout
    await quiet(() => sandbox.compose('rm', '--force', 'front'))
    expect((await must(['docker', 'inspect', '--format', '{{.Id}}', name('front')])).stdout).not.toBe(before)
    expect(await status('front', 'back')).toBe('running running')
  }, 180_000)

  /** A process of its own that quiets, says so, and is then killed with everything in its group. */
  const killedWhile = async (when: 'quiet' | 'stopping', alsoGuardian: boolean) => {
    const here = path.join(import.meta.dirname, '../../recovery')
    const program = `
      import { composeCli, dockerCli } from '${here}/drivers/docker/index.ts'
      import { withQuiet } from '${here}/operations/quiet/with-quiet.ts'
      import { discoverProject } from '${here}/operations/index.ts'
      const run = { signal: new AbortController().signal, clock: { now: () => new Date() }, report() {} }
      const tools = { engine: dockerCli(), compose: composeCli() }
      const project = await discoverProject({ directory: ${JSON.stringify(sandbox.project)} }, tools, run)
      const quiets = [{ mode: 'stop', services: ['back'] }, { mode: 'pause', services: ['twice'] }]
      await withQuiet(project, quiets, tools, run, () => { console.log('quiet'); return new Promise(() => setInterval(() => {}, 1000)) })`
    // The engine tells here that it has begun to stop it.
    const signals = spawn('docker', ['events', '--filter', `container=${name('tenant')}`, '--filter', 'event=kill'])
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (when === 'quiet') await once(child.stdout, 'data')
    else await once(signals.stdout, 'data')
    signals.kill()
    const guardian = (await guardianOf()) ?? 0
    if (alsoGuardian) process.kill(guardian, 'SIGKILL')
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await once(child, 'exit')
    return guardian
  }
  const guardianOf = async (): Promise<number | null> => {
    const [file] = await records()
    const text = await fs.readFile(path.join(sandbox.project, '.aidatavault', file ?? ''), 'utf8').catch(() => '{}')
    return (JSON.parse(text) as { guardian?: { pid: number } | null }).guardian?.pid ?? null
  }
  const isGone = (pid: number) =>
    fs.readFile(`/proc/${pid}/stat`, 'utf8').then(
      stat => /\) Z /.test(stat),
      () => true,
    )

  it('are let go on by a guardian when the run is killed with -9, its whole group too; nothing stays behind', async () => {
    const guardian = await killedWhile('quiet', false)
    await eventually(async () => (await status('back', 'tenant', 'twice')) === 'running running running')
    await eventually(() => isGone(guardian))
    expect(await records()).toEqual([])
    expect(await settleQuiet(await project(), tools, quietRun())).toBe(false)
  }, 180_000)

  it('are let go on when the kill came while the engine was still at stopping one', async () => {
    const before = (await stateOf('tenant')).StartedAt
    const guardian = await killedWhile('stopping', false)
    expect(await status('tenant')).toBe('running')
    await eventually(() => isGone(guardian))
    // What the engine was still at stopping has come to its end by now.
    expect(await status('back', 'tenant', 'twice')).toBe('running running running')
    expect((await stateOf('tenant')).StartedAt).not.toBe(before)
    expect(await records()).toEqual([])
  }, 180_000)

  it('are let go on by the next command when the guardian was killed too', async () => {
    await killedWhile('quiet', true)
    expect(await status('back', 'tenant', 'twice')).toBe('exited exited paused')
    const run = quietRun()
    expect(await settleQuiet(await project(), tools, run)).toBe(true)
    expect(await status('back', 'tenant', 'twice')).toBe('running running running')
    expect(run.events).toContainEqual({ kind: 'warning', text: expect.stringContaining('cut off; let go on again') })
    expect(await records()).toEqual([])
  }, 180_000)

  it('are not touched at all where a service that is to be stopped is paused by hand', async () => {
    await sandbox.compose('pause', 'back')
    await expect(quiet(async () => {})).rejects.toMatchObject({ code: 'preflight-failed' })
    expect(await status('front', 'back')).toBe('running paused')
    await sandbox.compose('unpause', 'back')
  }, 180_000)
})

/** Looks until it is so; the test's own time ends it. */
async function eventually(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(100)
}
