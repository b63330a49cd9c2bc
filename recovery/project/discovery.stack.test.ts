import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { skipsStack } from '../../test/stack/engine.ts'
import { composeCli, dockerCli } from '../drivers/docker/index.ts'
import { quietRun } from '../drivers/docker/testing/quiet-run.ts'
import { discoverProject } from './index.ts'
import type { DiscoveryRequest } from './index.ts'
import type { Project, ProjectVolume } from './project.ts'

const tools = { engine: dockerCli(), compose: composeCli() }
const discover = (request: DiscoveryRequest, run = quietRun()) => discoverProject(request, tools, run)
const word = `aidv${randomBytes(4).toString('hex')}`

const composeFile = `
name: ${word}
include: [parts/cache.yml]
services:
  db:
    image: postgres:17
    env_file: server/.env
    environment: { POSTGRES_DB: shop, POSTGRES_USER: owner }
    container_name: ${word}-main
    volumes: [postgres_data:/var/lib/postgresql/data, ./db/postgres.conf:/etc/postgres.conf:ro]
    healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, owner], interval: 2s, retries: 60 }
  throwaway:
    image: postgres:17
    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/throwaway, POSTGRES_HOST_AUTH_METHOD: trust }
    secrets: [throwaway]
  folder-db:
    image: postgres:17
    profiles: [extra]
    environment: { PGDATA: /data/pg, POSTGRES_PASSWORD: "pa$$s" }
    volumes: [./pgdata:/data]
  nightly:
    image: postgres:17
    command: [pg_dump, -h, db]
    profiles: [extra]
    volumes: [./dumps:/dumps]
  admin: { image: dpage/pgadmin4, profiles: [extra], environment: { PGDATA: /x } }
  muted:
    image: postgres:17
    labels: { aidatavault.enable: "false" }
    volumes: [muted_data:/var/lib/postgresql/data]
    profiles: [extra]
  server:
    image: postgres:17
    entrypoint: [sleep, "1000"]
    init: true
    env_file: [server/.env, { path: server/absent.env, required: false }]
    environment: { DATABASE_URL: "postgresql+asyncpg://app:s%40cret@${word}-main/shop" }
    tmpfs: [/scratch]
    volumes:
      - uploads:/uploads
      - kept:/kept
      - elsewhere:/elsewhere
      - /anonymous
      - .:/app
      - ./media:/media
      - ./src:/src:ro
      - OUTSIDE:/outside
      - SOCKET:/outside.sock
      - /var/run/docker.sock:/var/run/docker.sock
      - /etc/localtime:/etc/localtime:ro
volumes:
  postgres_data:
  uploads: { labels: { keep: "yes" } }
  kept: { labels: { aidatavault.enable: "false" } }
  elsewhere: { external: true, name: ${word}_elsewhere }
  muted_data:
secrets:
  throwaway: { file: ./secrets/throwaway.txt }
`

describe.skipIf(skipsStack)('a Compose project', () => {
  let top: string
  let outside: string
  let listener: Server
  const at = (...steps: string[]) => path.join(top, ...steps)
  const write = (name: string, text = 'x') => {
    mkdirSync(path.dirname(at(name)), { recursive: true })
    writeFileSync(at(name), text, { mode: 0o600 })
  }
  const docker = (...args: string[]) => execFileSync('docker', args, { cwd: top, stdio: 'pipe' })
  const folder = () => realpathSync(mkdtempSync(path.join(tmpdir(), 'discovery-')))

  beforeAll(async () => {
    ;[top, outside] = [folder(), folder()]
    const socket = path.join(outside, 'a.socket')
    listener = createServer()
    await new Promise<void>(done => listener.listen(socket, done))
    write('deploy/shop/docker-compose.yml', composeFile.replace('OUTSIDE', `${outside}/data`).replace('SOCKET', socket))
    mkdirSync(path.join(outside, 'data'))
    write(
      'deploy/shop/parts/cache.yml',
      'services: { cache: { image: redis, profiles: [extra], env_file: cache.env } }',
    )
    write('deploy/shop/parts/cache.env', 'A=1')
    write('deploy/shop/server/.env', 'POSTGRES_PASSWORD=hunter2\nJWT_SECRET=x\n')
    write('deploy/shop/server/.env.example', 'POSTGRES_PASSWORD=\n')
    write('deploy/shop/secrets/throwaway.txt', 'thrown\n')
    // The server reads it as a user of its own.
    chmodSync(at('deploy/shop/secrets/throwaway.txt'), 0o644)
    write('deploy/shop/db/postgres.conf')
    write('deploy/shop/src/main.ts')
    write('deploy/shop/media/photo')
    write('deploy/shop/pgdata/pg/PG_VERSION', '17\n')
    write('deploy/shop/pgdata/beside/photo')
    write('deploy/shop/dumps/.gitkeep')
    write('deploy/shop/node_modules/x/index.js')
    write('deploy/shop/state/app.sqlite')
    write('.env.local', 'OTHER=1')
    write('.gitignore', '.env*\n!.env.example\nnode_modules\n/deploy/shop/media/*\npgdata\nstate\nsecrets\n')
    execFileSync('git', ['init', '--quiet'], { cwd: top })
    docker('volume', 'create', `${word}_elsewhere`)
    docker('volume', 'create', '--label', `com.docker.compose.project=${word}`, `${word}_old`)
    execFileSync('docker', ['compose', 'up', '--detach', '--wait'], { cwd: at('deploy/shop'), stdio: 'pipe' })
  }, 180_000)
  afterAll(() => {
    execFileSync('docker', ['compose', '--profile', '*', 'down', '--volumes', '--timeout', '1'], {
      cwd: at('deploy/shop'),
      stdio: 'pipe',
    })
    docker('volume', 'rm', `${word}_elsewhere`, `${word}_old`)
    listener.close()
    for (const place of [top, outside]) rmSync(place, { recursive: true })
  }, 60_000)
  afterEach(() => vi.unstubAllEnvs())

  const only = (project: Project, key: string): ProjectVolume => {
    const [volume, ...more] = project.volumes.filter(found => found.key === key)
    expect([key, volume !== undefined, more.length]).toEqual([key, true, 0])
    return volume!
  }

  it('is found from a folder inside it, with its work tree, its services and what runs', async () => {
    const project = await discover({ directory: at('deploy/shop/server') })
    expect(project.facts).toMatchObject({
      ...{ name: word, nameFrom: 'file', root: top, directory: 'deploy/shop', profiles: [], composeFilesGiven: false },
      composeFiles: ['deploy/shop/docker-compose.yml'],
    })
    expect(project).toMatchObject({ root: top, directory: at('deploy/shop'), git: { top } })
    expect(project.compose).toMatchObject({ engineAnswers: true, address: { directory: at('deploy/shop'), files: [] } })
    const states = Object.fromEntries(project.services.map(({ name, running, active }) => [name, [running, active]]))
    expect(states).toEqual({
      ...{ db: [true, true], throwaway: [true, true], server: [true, true] },
      ...{ 'folder-db': [false, false], nightly: [false, false], admin: [false, false] },
      ...{ muted: [false, false], cache: [false, false] },
    })
  })

  it('has its PostgreSQL servers, and nothing that only looks like one', async () => {
    const { servers, leftOut } = await discover({ directory: at('deploy/shop') })
    expect(servers).toEqual([
      {
        ...{ name: 'db', access: 'service', method: 'logical', running: true, foundBy: 'image postgres:17' },
        ...{ storedOn: 'postgres_data', environment: { user: 'owner', password: 'hunter2', database: 'shop' } },
      },
      expect.objectContaining({
        ...{ name: 'folder-db', running: false, storedOn: 'deploy/shop/pgdata/pg' },
        environment: { user: 'postgres', password: 'pa$s', database: 'postgres' },
      }),
      expect.objectContaining({
        ...{ name: 'throwaway', running: true, storedOn: null },
        environment: { user: 'postgres', password: 'thrown', database: 'postgres' },
      }),
    ])
    expect(leftOut).toContainEqual({
      what: 'data directory of throwaway',
      why: expect.stringMatching(/anonymous volume .*\/var\/lib\/postgresql\/data.*named volume/),
    })
    expect(leftOut).toContainEqual({
      what: 'PostgreSQL muted',
      why: expect.stringContaining('aidatavault.enable=false'),
      harmless: true,
    })
  })

  it('has its volumes: named, anonymous and foreign, each with who mounts it', async () => {
    const project = await discover({ directory: at('deploy/shop') })
    expect(only(project, 'postgres_data')).toMatchObject({
      ...{ kind: 'volume', name: `${word}_postgres_data`, holdsServer: 'db', exists: true, external: false },
      labels: { 'com.docker.compose.project': word, 'com.docker.compose.volume': 'postgres_data' },
      ...{ image: 'postgres:17', mounts: [{ service: 'db', target: '/var/lib/postgresql/data', readOnly: false }] },
    })
    expect(only(project, 'uploads')).toMatchObject({ holdsServer: null, labels: { keep: 'yes' }, exists: true })
    expect(only(project, 'elsewhere')).toMatchObject({ external: true, name: `${word}_elsewhere`, exists: true })
    expect(only(project, 'server:/anonymous')).toMatchObject({
      ...{ kind: 'anonymous', name: expect.stringMatching(/^[0-9a-f]{64}$/), exists: true, holdsServer: null },
    })
    expect(only(project, 'throwaway:/var/lib/postgresql/data')).toMatchObject({
      kind: 'anonymous',
      holdsServer: 'throwaway',
    })
    expect(project.volumes.map(({ key }) => key)).not.toContain('kept')
    expect(project.volumes.map(({ key }) => key)).not.toContain('muted_data')
  })

  it('has its bind mounts, told apart into code, data, a server’s folder and what is of no project', async () => {
    const project = await discover({ directory: at('deploy/shop') })
    const shape = (key: string) => {
      const { kind, name, isFile, coveredByCode, holdsServer } = only(project, key)
      return { kind, name, isFile, coveredByCode, holdsServer }
    }
    const bind = { kind: 'bind', isFile: false, coveredByCode: false, holdsServer: null }
    const inside = (name: string, more = {}) => ({ ...bind, name: at('deploy/shop', name), ...more })
    expect(shape('deploy/shop/src')).toEqual(inside('src', { coveredByCode: true }))
    expect(shape('deploy/shop/media')).toEqual(inside('media'))
    expect(shape('deploy/shop/dumps')).toEqual(inside('dumps'))
    expect(shape('deploy/shop/pgdata/pg')).toEqual(inside('pgdata/pg', { holdsServer: 'folder-db' }))
    expect(shape('deploy/shop/pgdata/beside')).toEqual(inside('pgdata/beside'))
    expect(shape('deploy/shop/db/postgres.conf')).toEqual(
      inside('db/postgres.conf', { isFile: true, coveredByCode: true }),
    )
    expect(shape(`${outside}/data`)).toEqual({ ...bind, name: `${outside}/data` })
    // The mount of the project's own folder is its code, but for what git does not keep.
    expect(shape('deploy/shop')).toMatchObject({ coveredByCode: true })
    expect(only(project, 'deploy/shop/state').mounts).toEqual([
      { service: 'server', target: '/app/state', readOnly: false },
    ])
    const whys = Object.fromEntries(project.leftOut.map(({ what, why }) => [what, why]))
    expect(whys).toMatchObject({
      'folder deploy/shop/node_modules': expect.stringContaining('made anew'),
      [`bind mount ${outside}/a.socket`]: expect.stringContaining('socket'),
      'bind mount /var/run/docker.sock': expect.stringContaining('socket'),
      'bind mount /etc/localtime': expect.anything(),
      '/scratch of server': expect.stringContaining('memory'),
      'volume kept': expect.stringContaining('aidatavault.enable=false'),
      'volume muted_data': expect.stringContaining('muted'),
      [`volume ${word}_old`]: expect.stringContaining('no service'),
    })
  })

  it('has its configuration: env files of Compose, of services and of the whole work tree, compose files, secrets', async () => {
    const { configFiles } = await discover({ directory: at('deploy/shop') })
    const kinds = Object.fromEntries(configFiles.map(file => [path.relative(top, file.path), file.kind]))
    expect(kinds).toEqual({
      '.env.local': 'env',
      'deploy/shop/docker-compose.yml': 'compose',
      'deploy/shop/parts/cache.yml': 'compose',
      'deploy/shop/parts/cache.env': 'env',
      'deploy/shop/server/.env': 'env',
      'deploy/shop/secrets/throwaway.txt': 'mounted',
      'deploy/shop/db/postgres.conf': 'mounted',
    })
  })

  it('has the logins of its application, and the images with their ids', async () => {
    const { logins, images } = await discover({ directory: at('deploy/shop') })
    expect(logins[0]).toEqual({
      ...{ server: 'db', user: 'app', password: 's@cret', database: 'shop', from: 'service server, DATABASE_URL' },
    })
    expect(logins).toContainEqual(
      expect.objectContaining({ server: 'db', user: 'owner', password: 'hunter2', database: 'shop' }),
    )
    expect(images).toContainEqual(
      expect.objectContaining({
        service: 'db',
        reference: 'postgres:17',
        id: expect.stringMatching(/^sha256:/),
        builds: false,
      }),
    )
    expect(images).toContainEqual({
      ...{ service: 'cache', reference: 'redis', id: null, digests: [], platform: null, builds: false },
    })
  })

  it('is still known when the engine does not answer', async () => {
    const env = { DOCKER_HOST: 'unix:///no/such/docker.sock' }
    const dead = { engine: dockerCli({ env }), compose: composeCli({ env }) }
    const project = await discoverProject({ directory: at('deploy/shop') }, dead, quietRun())
    expect(project.compose).toMatchObject({ engineAnswers: false, model: { name: word } })
    expect(project.servers.map(({ name, running, storedOn }) => [name, running, storedOn])).toEqual([
      ['db', false, 'postgres_data'],
      ['folder-db', false, 'deploy/shop/pgdata/pg'],
      ['throwaway', false, null],
    ])
    expect(only(project, 'uploads')).toMatchObject({ exists: false })
    expect(project.configFiles.length).toBeGreaterThan(5)
  })

  it('is what its aidatavault.yml adds', async () => {
    const file =
      'id: shop-4f2a91c8\ndatabases: { db: { user: root, method: physical }, throwaway: { protect: false } }\nvolumes: { uploads: { protect: false }, ./extra: {} }\nconfig: [src/*]\n'
    write('deploy/shop/aidatavault.yml', file)
    write('deploy/shop/extra/.keep')
    try {
      const project = await discover({ directory: at('deploy/shop') })
      expect(project.facts.id).toBe('shop-4f2a91c8')
      expect(project.servers.map(({ name }) => name)).toEqual(['db', 'folder-db'])
      expect(project.servers[0]).toMatchObject({ method: 'physical', environment: { user: 'root' } })
      const keys = project.volumes.map(({ key }) => key)
      expect([keys.includes('uploads'), keys.includes('deploy/shop/extra')]).toEqual([false, true])
      expect(keys).not.toContain('throwaway:/var/lib/postgresql/data')
      expect(project.configFiles).toContainEqual({ path: at('deploy/shop/src/main.ts'), kind: 'secret' })
      write('deploy/shop/aidatavault.yml', 'volumes: { uplaods: { protect: false } }')
      await expect(discover({ directory: at('deploy/shop') })).rejects.toMatchObject({
        code: 'project-invalid',
        message: expect.stringMatching(/volumes\.uplaods: neither .*uploads/),
      })
    } finally {
      rmSync(at('deploy/shop/aidatavault.yml'))
      rmSync(at('deploy/shop/extra'), { recursive: true })
    }
  })
})
