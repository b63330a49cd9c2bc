import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import { commitFiles, destroyProject, idleService, writeFiles } from './small-project.ts'
import { volumeState } from './volume-state.ts'

describe.skipIf(skipsStack)('what git ignores and nothing mounts', () => {
  let sandbox: Sandbox
  beforeEach(async () => void (sandbox = await Sandbox.make('ignored')))
  afterEach(() => sandbox.end(), 120_000)

  it('comes back as it was, but for what is made anew, and the backup says so', async () => {
    await writeFiles(sandbox.project, {
      'compose.yaml': `services:\n  app:${idleService}\n`,
      '.gitignore': '*.key\ndata2\nlocal.json\nnode_modules\n.env\n',
      'src/main.js': 'one\n',
    })
    await commitFiles(sandbox)
    await writeFiles(sandbox.project, {
      'tls.key': 'key\n',
      'src/local.json': '{}\n',
      'data2/app.sqlite': 'rows\n',
      'data2/.env': 'A=1\n',
      'node_modules/x/index.js': 'x\n',
    })
    await fs.chmod(sandbox.at(sandbox.name, 'tls.key'), 0o600)
    await fs.symlink('app.sqlite', sandbox.at(sandbox.name, 'data2/link'))
    await fs.mkdir(sandbox.at(sandbox.name, 'data2/empty/deep'), { recursive: true })
    await sandbox.compose('up', '--detach', '--wait')
    await sandbox.succeeds(['init', sandbox.vault])
    const backup = await sandbox.succeeds(['backup'])
    expect(backup.stdout).toContain('(complete)')
    expect(backup.stderr).toMatch(/warning: not in this point: data2\/link .*link to app\.sqlite/)
    expect(backup.stderr).toMatch(/warning: not in this point: node_modules .*made anew/)
    const names = ['tls.key', 'src/local.json', 'data2/app.sqlite', 'data2/.env', 'src/main.js']
    const read = () => Promise.all(names.map(name => fs.readFile(sandbox.at(sandbox.name, name), 'utf8')))
    const [before, empty] = [await read(), await volumeState(sandbox.at(sandbox.name, 'data2/empty'))]
    await destroyProject(sandbox)
    await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
    expect(await read()).toEqual(before)
    expect(await volumeState(sandbox.at(sandbox.name, 'data2/empty'))).toEqual(empty)
    expect((await fs.stat(sandbox.at(sandbox.name, 'tls.key'))).mode & 0o777).toBe(0o600)
    expect((await sandbox.must(['git', 'status', '--porcelain'])).stdout).toBe('?? aidatavault.yml\n')
  }, 120_000)
})
