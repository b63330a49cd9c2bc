import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { killAtStep } from './kill-at-step.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { containerOf, idleService, inService, writeFiles } from './small-project.ts'
import { canStepDown } from './test-user.ts'
import { inWholeSeconds, volumeState } from './volume-state.ts'

const composeFile = (outside: string) => `
services:
  app:${idleService}
    volumes:
      - uploads:/uploads
      - ${outside}:/outside
      - ./settings.conf:/settings.conf
      - /anonymous
  reader:${idleService}
    depends_on: [app]
    volumes:
      - uploads:/uploads:ro
  other:${idleService}
volumes:
  uploads:
`

const places = { root: false, ...(canStepDown ? { user: true } : {}) }

describe.skipIf(skipsStack).each(Object.entries(places))('restore volume, as %s', (_, asUser) => {
  // The same for everyone.
  const forRoot = (title: string, work: () => Promise<void>, ms?: number) => (asUser ? undefined : it(title, work, ms))
  let sandbox: Sandbox
  let app: string
  const uploads = () => `${sandbox.name}_uploads`
  const volumes = async () =>
    (await must(['docker', 'volume', 'ls', '--quiet'])).stdout.split('\n').filter(name => name.startsWith(sandbox.name))
  const kept = async () => (await volumes()).filter(name => name.includes('_kept_'))
  const running = async () =>
    (await sandbox.compose('ps', '--services', '--status', 'running')).stdout.split('\n').sort()
  const write = (line: string) => inService(app, line)
  const state = async (place = uploads()) => {
    const found = await volumeState(place)
    return asUser ? inWholeSeconds(found) : found
  }
  const restore = (...args: string[]) => sandbox.succeeds(['restore', 'volume', ...args, '--yes'])
  let inPoint: readonly string[]

  beforeAll(async () => {
    sandbox = await Sandbox.make('restvol', { asUser })
    app = containerOf(sandbox, 'app')
    await writeFiles(sandbox.project, {
      'docker-compose.yml': composeFile(sandbox.at('outside')),
      'settings.conf': 'a=1\n',
    })
    await writeFiles(sandbox.at('outside'), { 'report.txt': 'first\n', 'inner/more.txt': 'more\n' })
    await sandbox.giveToUser(sandbox.folder)
    await sandbox.compose('up', '--detach', '--wait')
    await write(
      'cd /uploads; mkdir -m 700 inner; echo one >inner/a; ln inner/a b; ln -s b link; chown -R 999:998 inner; echo x >/anonymous/x',
    )
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
    inPoint = await state()
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  it('brings a volume back; what was written meanwhile is kept; undo takes it back', async () => {
    await write('echo late >/uploads/late; rm /uploads/b')
    const before = await state()
    const planned = await sandbox.succeeds(['restore', 'volume', 'uploads', '--plan'])
    expect(planned.stdout).toMatch(/late: goes away/)
    expect(planned.stdout).toMatch(/app, reader/)
    expect(await state()).toEqual(before)
    const { stdout } = await restore('uploads')
    expect(stdout).toMatch(/app, reader did not run for/)
    expect(await state()).toEqual(inPoint)
    const [old = ''] = await kept()
    expect(await state(old)).toEqual(before)
    expect(await running()).toEqual(['', 'app', 'other', 'reader'])
    await write('echo after >/uploads/after')
    const restored = await state()
    await sandbox.succeeds(['undo', '--yes'])
    expect(await state()).toEqual(before)
    expect(await state(old)).toEqual(restored)
    expect(await kept()).toEqual([old])
    // No backup takes what is kept for the project's own, and Compose does not either.
    expect((await sandbox.succeeds(['backup', '--plan'])).stdout).not.toContain(old)
    await sandbox.compose('up', '--detach', '--wait')
  }, 120_000)

  forRoot(
    'goes back by the safety point when what was kept is gone',
    async () => {
      const before = await state()
      const had = await kept()
      await restore(uploads())
      const made = (await kept()).filter(name => !had.includes(name))
      await must(['docker', 'volume', 'rm', ...made])
      await sandbox.succeeds(['undo', '--yes'])
      expect(await state()).toEqual(before)
    },
    120_000,
  )

  forRoot(
    'brings back a mounted folder, a mounted file and a volume without a name',
    async () => {
      await write('echo changed >/outside/report.txt; echo changed >/anonymous/x')
      await fs.writeFile(`${sandbox.project}/settings.conf`, 'a=2\n')
      const anonymous = 'app:/anonymous'
      await restore(sandbox.at('outside'))
      await restore(anonymous)
      expect((await write('cat /outside/report.txt /outside/inner/more.txt /anonymous/x')).stdout).toBe(
        'first\nmore\nx\n',
      )
      await sandbox.succeeds(['undo', '--yes'])
      await sandbox.succeeds(['undo', '--yes'])
      expect((await write('cat /outside/report.txt /anonymous/x')).stdout).toBe('changed\nchanged\n')
      expect(await fs.readdir(sandbox.at('outside'))).toEqual(['inner', 'report.txt'])
    },
    120_000,
  )

  forRoot(
    'brings back beside, and touches nothing else',
    async () => {
      const before = await state()
      await restore('uploads', '--into', `${sandbox.name}-beside`)
      await restore('uploads', '--into', sandbox.at('beside'))
      expect(await state(`${sandbox.name}-beside`)).toEqual(inPoint)
      expect(await fs.readFile(sandbox.at('beside/inner/a'), 'utf8')).toBe('one\n')
      expect(await state()).toEqual(before)
      for (const into of [`${sandbox.name}-beside`, sandbox.at('beside')]) {
        const again = await sandbox.aidatavault(['restore', 'volume', 'uploads', '--yes', '--into', into])
        expect([again.code, again.stderr]).toEqual([40, expect.stringContaining('exists already')])
      }
    },
    120_000,
  )

  forRoot(
    'makes a volume that is gone as Compose does',
    async () => {
      await sandbox.compose('down', '--timeout', '2')
      await must(['docker', 'volume', 'rm', uploads()])
      const had = await kept()
      await restore('uploads')
      expect(await state()).toEqual(inPoint)
      expect(await kept()).toEqual(had)
      const up = await sandbox.compose('up', '--detach', '--wait')
      expect(up.stderr).not.toContain('not created by Docker Compose')
      expect(await state()).toEqual(inPoint)
    },
    120_000,
  )

  forRoot('is not taken for another volume, project or point', async () => {
    const refusals: [string[], number, string][] = [
      [['nothing'], 20, 'nothing'],
      [['uploads', '--point', '1999-01-01'], 20, 'until 1999-01-01'],
    ]
    for (const [args, code, word] of refusals) {
      const refused = await sandbox.aidatavault(['restore', 'volume', ...args, '--yes'])
      expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(word)])
    }
    const asked = await sandbox.aidatavault(['restore', 'volume', 'uploads'])
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--yes')])
  })

  const steps = asUser ? ['exchange'] : ['safety point', 'new volume', 'stop', 'exchange', 'exchanged']
  it.each(steps)(
    'killed at "%s", is the old or the new volume whole, and the services run',
    async step => {
      await write('echo now >/uploads/now')
      const before = await state()
      const had = await kept()
      const seen = await killAtStep(sandbox, ['restore', 'volume', 'uploads', '--yes'], step)
      expect(seen.at(-1)).toBe(step)
      // Nothing could have been pruned under it; the dead one's lock is in nobody's way.
      if (step !== 'safety point') expect(await fs.readdir(sandbox.at('vault/locks'))).toHaveLength(1)
      const settled = await sandbox.succeeds(['backup', '--only', 'config'])
      expect(await fs.readdir(sandbox.at('vault/locks'))).toEqual([])
      expect(settled.stderr).toContain('was interrupted')
      const isNew = settled.stderr.includes('it had succeeded')
      expect(await state()).toEqual(isNew ? inPoint : before)
      expect((await kept()).length).toBe(had.length + (isNew ? 1 : 0))
      expect((await volumes()).filter(name => name.includes('_exchange_'))).toEqual([])
      expect(await running()).toEqual(['', 'app', 'other', 'reader'])
    },
    120_000,
  )
})
