import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findComposeFiles } from './compose-files.ts'
import { readReferences } from './compose-references.ts'
import { deriveId, nameOrigin } from './identity.ts'
import { mountAt } from './mounts.ts'
import { isInside, realPath, seenFrom } from './paths.ts'
import { isEnvFile, isMadeAnew } from './telling-names.ts'
import { whyUnprotected } from './unprotected-places.ts'
import type { ServiceMount } from './mounts.ts'

let top: string
beforeEach(() => void (top = realpathSync(mkdtempSync(path.join(tmpdir(), 'places-')))))
afterEach(() => rmSync(top, { recursive: true }))
const at = (...steps: string[]) => path.join(top, ...steps)
const write = (name: string, text = '') => {
  mkdirSync(path.dirname(at(name)), { recursive: true })
  writeFileSync(at(name), text)
}

describe('Compose files', () => {
  it('are found upward, in Compose’s own order, with the override beside', async () => {
    write('docker-compose.yml')
    write('compose.yml')
    write('docker-compose.override.yaml')
    mkdirSync(at('sub/deep'), { recursive: true })
    const files = [at('compose.yml'), at('docker-compose.override.yaml')]
    expect(await findComposeFiles(at('sub/deep'), {})).toEqual({ directory: top, files, fromEnvironment: false })
  })

  it('are those of COMPOSE_FILE, from the environment or the .env beside', async () => {
    write('.env', 'COMPOSE_FILE=a.yml:deploy/b.yml\n')
    const files = [at('a.yml'), at('deploy/b.yml')]
    expect(await findComposeFiles(top, {})).toEqual({ directory: top, files, fromEnvironment: false })
    const environment = { COMPOSE_FILE: 'deploy/b.yml;c.yml', COMPOSE_PATH_SEPARATOR: ';' }
    expect(await findComposeFiles(top, environment)).toEqual({
      ...{ directory: at('deploy'), files: [at('deploy/b.yml'), at('c.yml')], fromEnvironment: true },
    })
  })

  it('name others, which name others', async () => {
    write('.env.shop', 'TAG=1')
    write('a/compose.yml', 'services: { x: { env_file: x.env, extends: { file: ../common/base.yml, service: b } } }')
    write('a/x.env')
    write('common/base.yml', 'services: { b: { env_file: [{ path: b.env, required: false }, absent.env] } }')
    write('common/b.env')
    write('extra/inc.yml', 'secrets: { s: { file: ./s.txt } }\nconfigs: { c: { file: c.conf } }')
    write('extra/.env')
    write('extra/s.txt')
    write('extra/c.conf')
    write('main.yml', '')
    writeFileSync(
      at('main.yml'),
      `name: shop
include: ['\${DIR:-a}/compose.yml', { path: [extra/inc.yml] }, 'oci://registry/x', https://github.com/x/y.git]
services:
  web: &web { env_file: .env.shop, develop: !reset null }
  web2: { <<: *web, label_file: labels.txt }
`,
    )
    write('labels.txt')
    const found = await readReferences([at('main.yml')], top, {})
    expect([...found.composeFiles].sort()).toEqual(
      [at('main.yml'), at('a/compose.yml'), at('common/base.yml'), at('extra/inc.yml')].sort(),
    )
    expect([...found.envFiles].sort()).toEqual(
      [at('.env.shop'), at('a/x.env'), at('common/b.env'), at('extra/.env')].sort(),
    )
    expect([...found.secretFiles]).toEqual([at('extra/s.txt')])
    expect([...found.configFiles].sort()).toEqual([at('extra/c.conf'), at('labels.txt')].sort())
    expect([...found.remote]).toEqual(['oci://registry/x', 'https://github.com/x/y.git'])
    expect(found.named).toBe(true)
  })

  it('that include each other are read once', async () => {
    write('a.yml', 'include: [b.yml]')
    write('b.yml', 'include: [a.yml]')
    expect([...(await readReferences([at('a.yml')], top, {})).composeFiles]).toEqual([at('a.yml'), at('b.yml')])
  })
})

describe('a project', () => {
  it('keeps its derived id as long as machine, folder and name stay', () => {
    const id = deriveId('host', '/srv/shop', 'shop')
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(deriveId('host', '/srv/shop', 'shop')).toBe(id)
    for (const [host, folder, name] of [
      ['other', '/srv/shop', 'shop'],
      ['host', '/srv', 'shop'],
      ['host', '/srv/shop', 'x'],
    ] as const)
      expect(deriveId(host, folder, name)).not.toBe(id)
  })

  it('has its name from a flag, the environment, its file or its folder, in this order', () => {
    const environment = { COMPOSE_PROJECT_NAME: 'x' }
    expect(nameOrigin('x', environment, true)).toBe('flag')
    expect(nameOrigin(undefined, environment, true)).toBe('environment')
    expect(nameOrigin(undefined, {}, true)).toBe('file')
    expect(nameOrigin(undefined, {}, false)).toBe('folder')
  })
})

describe('a place', () => {
  it('is inside another by whole steps only', () => {
    expect([isInside('/a/b', '/a'), isInside('/a', '/a'), isInside('/ab', '/a'), isInside('/a', '/')]).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect([seenFrom('/a', '/a/b/c'), seenFrom('/a', '/a'), seenFrom('/a', '/ab')]).toEqual(['b/c', '', '/ab'])
  })

  it('has one name, also where it does not exist yet', async () => {
    mkdirSync(at('real'))
    symlinkSync('real', at('link'))
    expect(await realPath(at('link/not/yet'))).toBe(at('real/not/yet'))
  })

  it('is found in the mount with the longest matching target', () => {
    const mount = (target: string): ServiceMount => ({ kind: 'volume', source: target, target, readOnly: false })
    const mounts = [mount('/var/lib'), mount('/var/lib/postgresql/'), mount('/var/lib/postgresql/database')]
    expect(mountAt(mounts, '/var/lib/postgresql/data')?.target).toBe('/var/lib/postgresql/')
    expect(mountAt(mounts, '/data')).toBeUndefined()
  })

  it.each([
    ['/var/run/docker.sock', true],
    ['/run/user/1000/podman/podman.sock', true],
    ['/proc', true],
    ['/sys/fs/cgroup', true],
    ['/dev/dri', true],
    ['/etc/localtime', true],
    ['/etc/ssl/certs', true],
    ['/usr/share/zoneinfo', true],
    ['/lib/modules', true],
    ['/var/lib/docker/containers', true],
    ['/', true],
    ['/home', true],
    ['/srv/shop/data', false],
    ['/etc/letsencrypt', false],
    ['/var/lib/shop', false],
    ['/var/lib/docker/volumes/shop_data/_data', false],
    ['/home/me/shop/data', false],
    ['/mnt/disk/photos', false],
    ['/opt/shop/data', false],
  ])('%s is of the system: %s', (place, isSystem) => {
    expect(whyUnprotected(place, isSystem, undefined) !== undefined).toBe(isSystem)
  })

  it('tells by its name what holds secrets and what is made anew', () => {
    const secret = ['.env', 'server/.env', '.env.local', '.env-prod', 'prod.env', '.envrc', '.env.production']
    expect(secret.filter(isEnvFile)).toEqual(secret)
    const code = [
      '.env.example',
      '.env.sample',
      'example.env',
      '.env.local.template',
      '.env.dist',
      'env.ts',
      'environment',
    ]
    expect(code.filter(isEnvFile)).toEqual([])
    expect(['node_modules', 'a/node_modules', 'x/__pycache__', 'a.pyc'].every(isMadeAnew)).toBe(true)
    expect(['data', 'uploads', 'dist', 'vendor', 'media', 'db.sqlite3'].some(isMadeAnew)).toBe(false)
  })
})
