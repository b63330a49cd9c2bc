import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeCli, dockerCli } from '../drivers/docker/index.ts'
import { quietRun } from '../drivers/docker/testing/quiet-run.ts'
import { discoverProject } from './index.ts'

const missing = { command: '/no/such/docker' }
const tools = { engine: dockerCli(missing), compose: composeCli(missing) }

let top: string
beforeEach(() => void (top = realpathSync(mkdtempSync(path.join(tmpdir(), 'ignored-')))))
afterEach(() => rmSync(top, { recursive: true }))
const at = (...steps: string[]) => path.join(top, ...steps)
const write = (...names: string[]) => {
  for (const name of names) {
    mkdirSync(path.dirname(at(name)), { recursive: true })
    writeFileSync(at(name), 'x', { mode: 0o644 })
  }
}
const discover = async (ignore: string) => {
  writeFileSync(at('.gitignore'), ignore)
  execFileSync('git', ['init', '--quiet'], { cwd: top })
  return discoverProject({ directory: top }, tools, quietRun())
}

describe('what git ignores', () => {
  it('is taken where nothing else takes it: files as configuration, folders whole', async () => {
    write('tls.key', 'local.json', 'data2/app.sqlite', 'src/main.ts', 'src/notes.private')
    writeFileSync(at('aidatavault.yml'), 'name: shop\n')
    chmodSync(at('tls.key'), 0o600)
    const { volumes, configFiles } = await discover('*.key\nlocal.json\ndata2\n*.private\n')
    expect(volumes).toMatchObject([{ key: 'data2', kind: 'bind', name: at('data2'), exists: true, isFile: false }])
    expect(configFiles).toEqual(
      expect.arrayContaining([
        { path: at('tls.key'), kind: 'secret' },
        { path: at('local.json'), kind: 'mounted' },
        { path: at('src/notes.private'), kind: 'mounted' },
      ]),
    )
  })

  it('is taken around what other sources take, or were told to leave', async () => {
    write('state/.env', 'state/uploads/a', 'state/cache/b', 'state/deep/c', 'state/one')
    writeFileSync(at('aidatavault.yml'), 'volumes: { ./state/uploads: {}, ./state/cache: { protect: false } }\n')
    const { volumes, configFiles, leftOut } = await discover('state\n')
    expect(volumes.map(({ key }) => key).sort()).toEqual(['state/deep', 'state/uploads'])
    expect(configFiles.map(file => [path.relative(top, file.path), file.kind])).toEqual([
      ['aidatavault.yml', 'aidatavault'],
      ['state/.env', 'env'],
      ['state/one', 'mounted'],
    ])
    expect(leftOut).toEqual([
      { what: 'bind mount state/cache', why: 'aidatavault.yml says protect: false', harmless: true },
    ])
  })

  it('and is left out is named: made anew on one line, large, links', async () => {
    write('node_modules/x/index.js', 'app/dist/a.js', 'app/a.ts', 'npm.log', 'models/large', 'large.bin', 'target2')
    for (const name of ['models/large', 'large.bin']) truncateSync(at(name), 101 * 1024 * 1024)
    symlinkSync('app', at('current'))
    writeFileSync(at('aidatavault.yml'), 'name: shop\n')
    const { volumes, configFiles, leftOut } = await discover(
      'node_modules\ndist\n*.log\nmodels\n*.bin\ncurrent\ntarget2\n',
    )
    expect(volumes).toEqual([])
    expect(configFiles.map(file => path.basename(file.path))).toEqual(['aidatavault.yml', 'target2'])
    expect(leftOut.map(({ what, why }) => [what, /larger|link to app|made anew/.exec(why)?.[0]]).sort()).toEqual([
      ['app/dist, node_modules, npm.log', 'made anew'],
      ['current', 'link to app'],
      ['large.bin', 'larger'],
      ['models', 'larger'],
    ])
  })

  it('in crowds beside code is named and left out', async () => {
    write('photos/index.html', ...Array.from({ length: 1001 }, (_, at) => `photos/${at}.jpg`))
    writeFileSync(at('aidatavault.yml'), 'name: shop\n')
    const { configFiles, leftOut } = await discover('*.jpg\n')
    expect(configFiles).toHaveLength(1)
    expect(leftOut).toEqual([
      { what: '1001 files in photos', why: expect.stringContaining('aidatavault.yml') as string },
    ])
  })
})
