import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { killAtStep } from './kill-at-step.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { commitFiles, containerOf, idleService, inService, writeFiles } from './small-project.ts'
import { canStepDown } from './test-user.ts'

const composeFile = `
services:
  app:${idleService}
    env_file: [.env]
    volumes:
      - uploads:/uploads
      - ./data:/data
volumes:
  uploads:
`

const places = { root: false, ...(canStepDown ? { user: true } : {}) }

describe.skipIf(skipsStack).each(Object.entries(places))('restore file, as %s', (_, asUser) => {
  // The same for everyone.
  const forRoot = (title: string, work: () => Promise<void>, ms?: number) => (asUser ? undefined : it(title, work, ms))
  let sandbox: Sandbox
  let app: string
  const at = (name: string) => `${sandbox.project}/${name}`
  const read = (name: string) => fs.readFile(at(name), 'utf8')
  const inApp = async (line: string) => (await inService(app, line)).stdout
  const restore = (...args: string[]) => sandbox.succeeds(['restore', 'file', ...args, '--yes'])
  const undo = () => sandbox.succeeds(['undo', '--yes'])

  beforeAll(async () => {
    sandbox = await Sandbox.make('restfile', { asUser })
    app = containerOf(sandbox, 'app')
    await writeFiles(sandbox.project, {
      'docker-compose.yml': composeFile,
      '.gitignore': '.env\ndata/\n',
      'src/main.js': 'committed\n',
      'src/other.js': 'committed too\n',
    })
    await sandbox.giveToUser(sandbox.folder)
    await commitFiles(sandbox)
    await writeFiles(sandbox.project, {
      '.env': 'KEY=first\n',
      'src/other.js': 'changed\n',
      'data/report': 'report\n',
      'new.txt': 'new\n',
    })
    await fs.chmod(at('src/main.js'), 0o640)
    await sandbox.giveToUser(sandbox.folder)
    await sandbox.compose('up', '--detach', '--wait')
    await inApp(
      'mkdir /uploads/inner; echo volume >/uploads/inner/file; chown 999:998 /uploads/inner/file; chmod 604 /uploads/inner/file; echo other >/uploads/other',
    )
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
  }, 300_000)
  afterAll(() => sandbox.end(), 120_000)

  const files: readonly (readonly [string, string, string])[] = [
    ['a committed one', 'src/main.js', 'committed\n'],
    ['a changed one', 'src/other.js', 'changed\n'],
    ['an untracked one', 'new.txt', 'new\n'],
    ['a secret', '.env', 'KEY=first\n'],
    ['one of a mounted folder', 'data/report', 'report\n'],
  ]

  forRoot(
    'brings each back into its place from whatever holds it, and undo takes them back',
    async () => {
      for (const [, name] of files) await fs.writeFile(at(name), `NOW=${name.length}\n`)
      await fs.rm(at('new.txt'))
      await restore(...files.map(([, name]) => name))
      for (const [what, name, content] of files) expect([what, await read(name)]).toEqual([what, content])
      expect((await fs.stat(at('src/main.js'))).mode & 0o7777).toBe(0o640)
      expect((await fs.stat(at('.env'))).mode & 0o7777).toBe(0o600)
      await undo()
      for (const [, name] of files.filter(([, name]) => name !== 'new.txt'))
        expect(await read(name)).toBe(`NOW=${name.length}\n`)
      expect(await fs.readdir(sandbox.project)).not.toContain('new.txt')
      const left = (await must(['find', sandbox.project, '-name', '*.aidatavault-*'])).stdout
      expect(left).toBe('')
    },
    120_000,
  )

  it('brings one of a volume back, with its owner and mode, and undo takes it back', async () => {
    const look = `cd /uploads; stat -c '%n %a %u:%g' inner/* other; cat inner/*`
    const before = await inApp(look)
    await inApp('echo changed >/uploads/inner/file; chmod 600 /uploads/inner/file')
    const changed = await inApp(look)
    await restore('uploads:inner/file')
    expect(await inApp(look)).toBe(before)
    await undo()
    expect(await inApp(look)).toBe(changed)
    await inApp('rm -r /uploads/inner')
    await restore(`${sandbox.name}_uploads:/inner/file`)
    expect(await inApp('cat /uploads/inner/file')).toBe('volume\n')
    expect(await inApp('find /uploads -name "*aidatavault*"')).toBe('')
  }, 120_000)

  forRoot(
    'brings back beside and to stdout, and overwrites nothing there',
    async () => {
      for (const [name, content] of [
        ...files.map(([, name, content]) => [name, content]),
        ['uploads:other', 'other\n'],
      ]) {
        const shown = await sandbox.succeeds(['restore', 'file', name!, '--into', '-'])
        expect([name, shown.stdout]).toEqual([name, content])
      }
      await fs.mkdir(sandbox.at('beside'))
      await sandbox.giveToUser(sandbox.at('beside'))
      await restore('.env', 'src/main.js', '--into', sandbox.at('beside'))
      expect(await fs.readFile(sandbox.at('beside/.env'), 'utf8')).toBe('KEY=first\n')
      const again = await sandbox.aidatavault(['restore', 'file', '.env', '--into', sandbox.at('beside'), '--yes'])
      expect([again.code, again.stderr]).toEqual([40, expect.stringContaining('exists already')])
    },
    120_000,
  )

  forRoot(
    'refuses what is no file, what no point holds, and a way out of a volume',
    async () => {
      await inApp('ln -sfn /etc /uploads/away; echo x >/uploads/inner-note')
      const refusals: [string[], number, string][] = [
        [['nothing.txt'], 20, 'nothing.txt'],
        [['uploads:inner'], 2, 'folder'],
        [['uploads:../../etc/passwd'], 20, 'etc/passwd'],
        [['src'], 2, 'folder'],
      ]
      for (const [args, code, word] of refusals) {
        const refused = await sandbox.aidatavault(['restore', 'file', ...args, '--yes'])
        expect([args, refused.code, refused.stderr]).toEqual([args, code, expect.stringContaining(word)])
      }
    },
    60_000,
  )

  it.each(asUser ? ['exchange'] : ['new files', 'exchange'])(
    'killed at "%s", is each file the old or the new one',
    async step => {
      await fs.writeFile(at('src/main.js'), 'living\n')
      await inApp('mkdir -p /uploads/inner; echo living >/uploads/inner/file')
      const seen = await killAtStep(sandbox, ['restore', 'file', 'src/main.js', 'uploads:inner/file', '--yes'], step)
      expect(seen).toContain(step)
      const settled = await sandbox.succeeds(['backup', '--only', 'config'])
      const now = [await read('src/main.js'), await inApp('cat /uploads/inner/file')]
      const isNew = settled.stderr.includes('it had succeeded')
      expect(now).toEqual(isNew ? ['committed\n', 'volume\n'] : ['living\n', 'living\n'])
      expect(await inApp('find /uploads -name "*aidatavault*"')).toBe('')
      expect((await must(['find', `${sandbox.project}/src`, '-name', '*aidatavault*'])).stdout).toBe('')
    },
    120_000,
  )
})
