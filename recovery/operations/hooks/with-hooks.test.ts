import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../../../contract/config.ts'
import { composeCli, dockerCli } from '../../drivers/docker/index.ts'
import { quietRun, testProject, warningsOf } from '../../sources/testing/test-project.ts'
import { durationMs } from './run-hook.ts'
import { withHooks } from './with-hooks.ts'

const tools = { engine: dockerCli(), compose: composeCli() }

describe('hooks', () => {
  let folder: string
  beforeEach(async () => {
    folder = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'hooks-')))
    await fs.writeFile(path.join(folder, '.env'), 'DB_PASSWORD=hunter2\nURL=postgres://app:s%20cret@db/app\n')
  })
  afterEach(() => fs.rm(folder, { recursive: true }))

  const project = (hooks: Config['hooks']) =>
    testProject(folder, { config: { hooks }, configFiles: [{ path: path.join(folder, '.env'), kind: 'env' }] })
  const told = () => fs.readFile(path.join(folder, 'told'), 'utf8').catch(() => '')
  const tell = 'echo $AIDATAVAULT_EVENT $AIDATAVAULT_PROJECT $AIDATAVAULT_POINT $AIDATAVAULT_OUTCOME >>told'
  const capture = (hooks: Config['hooks'], use: () => Promise<string> = async () => 'point1', run = quietRun()) =>
    withHooks(project(hooks), 'capture', tools, run, use, { pointOf: point => point })
  const around = { beforeCapture: [{ run: tell }], afterCapture: [{ run: tell }] }

  it('run before and after, in the folder of the project, told what it is about', async () => {
    expect(await capture(around)).toBe('point1')
    expect(await told()).toBe('beforeCapture test\nafterCapture test point1 done\n')
  })

  it('of a restore are others, and know the point before', async () => {
    const hooks = { beforeRestore: [{ run: tell }], ...around }
    await withHooks(project(hooks), 'restore', tools, quietRun(), async () => {}, { point: 'p2' })
    expect(await told()).toBe('beforeRestore test p2\n')
  })

  it('after it run also when it fails or is interrupted, and never hide why', async () => {
    await expect(capture(around, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    expect(await told()).toBe('beforeCapture test\nafterCapture test failed\n')
    const interruption = new AbortController()
    const stopped = capture(
      { afterCapture: [{ run: tell }, { run: 'exit 3' }] },
      async () => {
        interruption.abort()
        throw interruption.signal.reason
      },
      quietRun(interruption.signal),
    )
    await expect(stopped).rejects.toThrow('abort')
    expect(await told()).toMatch(/afterCapture test failed\nafterCapture test failed\n$/)
  })

  it('that fail before it keep it from being done; those after it still run', async () => {
    let used = false
    const hooks = { ...around, beforeCapture: [{ run: 'echo why; exit 7' }, { run: tell }] }
    const failed = capture(hooks, async () => {
      used = true
      return ''
    })
    await expect(failed).rejects.toMatchObject({
      code: 'hook-failed',
      message: 'hook beforeCapture 1 failed with exit code 7; it said:\nwhy',
    })
    expect(used).toBe(false)
    expect(await told()).toBe('afterCapture test failed\n')
  })

  it('that fail after it fail the run, which says that the point is there', async () => {
    await expect(capture({ afterCapture: [{ run: 'exit 1' }, { run: tell }] })).rejects.toMatchObject({
      code: 'hook-failed',
      message: expect.stringMatching(/^the point is taken, but afterwards hook afterCapture 1 failed/),
    })
    expect(await told()).toBe('afterCapture test point1 done\n')
  })

  it('with onError: warn only warn', async () => {
    const run = quietRun()
    await capture({ beforeCapture: [{ run: 'exit 1', onError: 'warn' }] }, async () => '', run)
    expect(warningsOf(run)).toEqual(['hook beforeCapture 1 failed with exit code 1'])
  })

  it('that take too long are ended, with everything they started', async () => {
    const run = 'sleep 100 & echo $! >child; wait'
    const failed = capture({ beforeCapture: [{ run, timeout: '300ms' }] })
    await expect(failed).rejects.toThrow('took longer than 300ms and was ended')
    const child = Number(await fs.readFile(path.join(folder, 'child'), 'utf8'))
    const stat = await fs.readFile(`/proc/${child}/stat`, 'utf8').catch(() => '')
    expect(stat === '' || / Z /.test(stat)).toBe(true)
  })

  it('are heard line by line, on both outputs, without the secrets of env files', async () => {
    const run = quietRun()
    const line = 'cat .env; echo "s cret" >&2; printf end; exit 1'
    const failed = capture({ beforeCapture: [{ run: line }] }, async () => '', run)
    await expect(failed).rejects.toThrow(/DB_PASSWORD=\*\*\*\nURL=postgres:\/\/app:\*\*\*@db\/app\n\*\*\*\nend$/)
    const said = run.events.flatMap(event => (event.kind === 'output' ? [event.text] : []))
    expect(said).toEqual(['DB_PASSWORD=***', 'URL=postgres://app:***@db/app', '***', 'end'])
    expect(JSON.stringify(run.events)).not.toMatch(/hunter2|s%20cret|s cret/)
  })

  it('do not get the password of the vault', async () => {
    process.env['AIDATAVAULT_PASSWORD'] = 'vault password'
    try {
      await capture({ beforeCapture: [{ run: 'echo "[$AIDATAVAULT_PASSWORD]" >told' }] })
      expect(await told()).toBe('[]\n')
    } finally {
      delete process.env['AIDATAVAULT_PASSWORD']
    }
  })
})

it.each([
  ['250ms', 250],
  ['90s', 90_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
])('%s are %d milliseconds', (text, ms) => expect(durationMs(text)).toBe(ms))
