import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeCli, dockerCli } from '../drivers/docker/index.ts'
import { quietRun } from '../drivers/docker/testing/quiet-run.ts'
import { coverageOf } from './git-coverage.ts'
import { discoverProject } from './index.ts'

// Nothing here may need Docker: a project without Compose must work on a machine without it.
const missing = { command: '/no/such/docker' }
const tools = { engine: dockerCli(missing), compose: composeCli(missing) }

let top: string
beforeEach(() => void (top = realpathSync(mkdtempSync(path.join(tmpdir(), 'project-')))))
afterEach(() => rmSync(top, { recursive: true }))
const at = (...steps: string[]) => path.join(top, ...steps)
const write = (name: string, text = 'x') => {
  mkdirSync(path.dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
}
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: top, stdio: 'pipe' })
const discover = (directory = top) => discoverProject({ directory }, tools, quietRun())

describe('a project without Compose', () => {
  it('is what its aidatavault.yml says: databases by URL, folders, configuration', async () => {
    write('server/.env', "DB=postgres://app:p%40ss@localhost:6543/shop\nPASSWORD='se cret'\n")
    write('.env.example')
    write('data/a.txt')
    write('certs/key.pem')
    write('certs/ca.pem')
    chmodSync(at('certs/key.pem'), 0o600)
    chmodSync(at('certs/ca.pem'), 0o644)
    write('node_modules/x/.env')
    write(
      'aidatavault.yml',
      `name: shop
id: shop-4f2a91c8
databases:
  main: { secretFrom: 'server/.env#DB' }
  other: { url: 'postgresql://admin@db.example.org/x', secretFrom: 'server/.env#PASSWORD', method: physical, dataDirectory: pg }
volumes: { ./data: {}, later/: {}, cache/: { protect: false } }
config: ['certs/*.pem']
`,
    )
    mkdirSync(at('cache'))
    const project = await discover(at('server'))
    expect(project).toMatchObject({
      facts: { id: 'shop-4f2a91c8', name: 'shop', nameFrom: 'file', root: top, directory: '', composeFiles: [] },
      ...{ root: top, directory: top, compose: null, services: [], images: [], git: null },
    })
    expect(project.servers).toMatchObject([
      {
        name: 'main',
        access: 'url',
        method: 'logical',
        url: 'postgresql://app:p%40ss@localhost:6543/shop',
        storedOn: null,
      },
      {
        ...{ name: 'other', access: 'url', method: 'physical', url: 'postgresql://admin:se%20cret@db.example.org/x' },
        ...{
          dataDirectory: at('pg'),
          storedOn: 'pg',
          environment: { user: 'admin', password: 'se cret', database: 'x' },
        },
      },
    ])
    expect(project.volumes.map(({ key, name, exists, isFile }) => [key, name, exists, isFile])).toEqual([
      ['data', at('data'), true, false],
      ['later', at('later'), false, false],
    ])
    expect(project.configFiles).toEqual([
      { path: at('aidatavault.yml'), kind: 'aidatavault' },
      { path: at('certs/ca.pem'), kind: 'mounted' },
      { path: at('certs/key.pem'), kind: 'secret' },
      { path: at('server/.env'), kind: 'env' },
    ])
    expect(project.logins).toEqual([
      { server: 'main', user: 'app', password: 'p@ss', database: 'shop', from: 'server/.env, DB' },
    ])
    expect(project.leftOut).toEqual([
      { what: 'folder later', why: 'it is in aidatavault.yml, and it is not there' },
      { what: 'bind mount cache', why: 'aidatavault.yml says protect: false', harmless: true },
    ])
  })

  it('has its folder’s name and an id of its own when the file says none', async () => {
    write('aidatavault.yml', '')
    const { facts } = await discover()
    expect(facts).toMatchObject({
      name: path.basename(top),
      nameFrom: 'folder',
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect((await discover()).facts.id).toBe(facts.id)
  })

  it('has the git work tree as its root, and its own folder within', async () => {
    git('init', '--quiet')
    write('services/shop/aidatavault.yml', '')
    symlinkSync('services/shop', at('shop'))
    const project = await discover(at('shop'))
    expect(project).toMatchObject({ root: top, directory: at('services/shop'), git: { top } })
    expect(project.facts.directory).toBe('services/shop')
  })

  it.each([
    ['databases: { main: {} }', 'databases.main: there is no Compose service main, and no url'],
    ['databases: { main: { secretFrom: "a.env#KEY" } }', 'a.env has no value for KEY'],
    ['databases: { main: { url: "mysql://x" } }', 'none that PostgreSQL understands'],
  ])('with %s is refused', async (text, message) => {
    write('aidatavault.yml', text)
    await expect(discover()).rejects.toMatchObject({
      code: 'project-invalid',
      message: expect.stringContaining(message),
      hint: expect.anything(),
    })
  })

  it('and without aidatavault.yml is none, and says what was looked for and where', async () => {
    await expect(discover()).rejects.toMatchObject({
      code: 'project-not-found',
      message: expect.stringContaining(top),
      hint: expect.stringMatching(/docker-compose\.yml.*aidatavault\.yml.*every folder above/),
    })
    await expect(discover(at('absent'))).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('takes a nearer aidatavault.yml before a Compose file further up', async () => {
    write('compose.yaml', 'services: {}')
    write('tool/aidatavault.yml', 'name: tool')
    expect((await discover(at('tool'))).facts.name).toBe('tool')
  })

  it('with a Compose file needs docker, and says so', async () => {
    write('compose.yaml', 'services: {}')
    await expect(discover()).rejects.toMatchObject({ code: 'tool-missing', hint: expect.stringContaining('docker') })
  })
})

describe('what git keeps of a folder', () => {
  it('is all, some or nothing of it', async () => {
    git('init', '--quiet')
    write('.gitignore', '*.log\n/data/*\n!/data/.gitkeep\n/ignored/\n.env\n')
    for (const name of [
      'src/a.ts',
      'data/.gitkeep',
      'data/photo',
      'ignored/x',
      'mixed/code.ts',
      'mixed/run.log',
      'new/untracked',
    ])
      write(name)
    write('mixed/.env')
    mkdirSync(at('empty'))
    git('add', 'src', 'data/.gitkeep', 'mixed/code.ts', '.gitignore')
    const place = { gitFolder: at('.git'), workTree: top }
    const coverage = (name: string) => coverageOf(place, name, quietRun())
    expect(await coverage('src')).toEqual({ kind: 'code', ignored: [] })
    expect(await coverage('src/a.ts')).toEqual({ kind: 'code', ignored: [] })
    expect(await coverage('new')).toEqual({ kind: 'code', ignored: [] })
    expect(await coverage('data')).toMatchObject({ kind: 'data' })
    expect(await coverage('ignored')).toMatchObject({ kind: 'data' })
    expect(await coverage('empty')).toMatchObject({ kind: 'data' })
    expect(await coverage('mixed')).toEqual({ kind: 'mixed', ignored: ['mixed/.env', 'mixed/run.log'] })
    const all = await coverage('')
    expect(all.kind).toBe('mixed')
    expect([...all.ignored].sort()).toEqual(['data/photo', 'ignored', 'mixed/.env', 'mixed/run.log'])
  })
})
