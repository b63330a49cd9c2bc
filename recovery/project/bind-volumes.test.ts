import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { quietRun } from '../drivers/docker/testing/quiet-run.ts'
import { parseModel } from '../drivers/docker/index.ts'
import { bindVolumes } from './bind-volumes.ts'
import type { SurveyedService } from './survey.ts'
import type { UsedMount, VolumeSources } from './volume-sources.ts'

let top: string
beforeEach(() => void (top = realpathSync(mkdtempSync(path.join(tmpdir(), 'binds-')))))
afterEach(() => rmSync(top, { recursive: true }))
const at = (...steps: string[]) => path.join(top, ...steps)
const write = (name: string) => {
  mkdirSync(path.dirname(at(name)), { recursive: true })
  writeFileSync(at(name), 'x')
}

const service: SurveyedService = {
  model: parseModel({ name: 'shop', services: { app: { image: 'app' } } }).services[0]!,
  ...{ containers: [], container: undefined, image: undefined, active: true, mounts: [], labels: {}, enabled: true },
  ...{ entrypoint: undefined, command: undefined },
}
const mounted = (source: string, target: string, readOnly = false): UsedMount => ({
  service,
  mount: { kind: 'bind', source, target, readOnly },
})
const sources = (more: Partial<VolumeSources> = {}): VolumeSources => ({
  ...{ root: top, directory: top, git: null, config: {}, model: undefined, survey: undefined },
  servers: { servers: [], unwanted: [], leftOut: [] },
  ...more,
})
const server = (place: string): VolumeSources['servers'] => ({
  servers: [
    {
      place: { kind: 'bind', source: place, target: '/data' },
      server: {
        ...{ name: 'db', access: 'service', method: 'logical', running: true, foundBy: 'label', storedOn: null },
        environment: { user: 'postgres', password: undefined, database: 'postgres' },
      },
    },
  ],
  ...{ unwanted: [], leftOut: [] },
})

describe('a bind mount', () => {
  it('in which a running server keeps its files is taken without them', async () => {
    for (const name of ['data/pg/17/PG_VERSION', 'data/pg/notes.txt', 'data/photos/a', 'data/list.txt']) write(name)
    const used = [mounted(at('data'), '/backup'), mounted(at('data/pg/17'), '/var/lib/postgresql/data')]
    const { volumes } = await bindVolumes(sources({ servers: server(at('data/pg/17')) }), used, quietRun())
    expect(volumes.map(({ key, isFile, holdsServer }) => [key, isFile, holdsServer]).sort()).toEqual([
      ['data/list.txt', true, null],
      ['data/pg/17', false, 'db'],
      ['data/pg/notes.txt', true, null],
      ['data/photos', false, null],
    ])
  })

  it('that holds a server’s data directory and more is taken without that directory, whoever mounts it', async () => {
    for (const name of ['data/pg/17/PG_VERSION', 'data/pg/photo', 'data/site/index.html', 'data/lost+found/x'])
      write(name)
    const db = { ...service, model: { ...service.model, name: 'db' } }
    const used = [{ ...mounted(at('data'), '/data'), service: db }, mounted(at('data'), '/site')]
    const { volumes } = await bindVolumes(sources({ servers: server(at('data/pg/17')) }), used, quietRun())
    expect(volumes.map(({ key, holdsServer }) => [key, holdsServer]).sort()).toEqual([
      ['data/pg/17', 'db'],
      ['data/pg/photo', null],
      ['data/site', null],
    ])
    expect(volumes.find(({ holdsServer }) => holdsServer)?.mounts).toEqual([
      { service: 'db', target: '/data/pg/17', readOnly: false },
    ])
  })

  it('of an engine on another machine is left out, but not what aidatavault.yml lists', async () => {
    const survey = {
      engineAnswers: true,
      isRemote: true,
      foldersReachable: false,
      services: [],
      volumes: new Map(),
      orphans: [],
    }
    mkdirSync(at('listed'))
    const config = { volumes: { './listed': {} } }
    const used = [mounted(at('data'), '/data'), mounted(at('listed'), '/listed')]
    const { volumes, leftOut } = await bindVolumes(sources({ survey, config }), used, quietRun())
    expect(volumes.map(({ key }) => key)).toEqual(['listed'])
    expect(leftOut).toEqual([{ what: 'bind mount data', why: expect.stringContaining('machine of the Docker engine') }])
  })

  it('of a folder where code and much data lie side by side is taken whole', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: top })
    writeFileSync(at('.gitignore'), '*.jpg\n')
    write('photos/index.html')
    for (let count = 0; count <= 100; count++) write(`photos/${count}.jpg`)
    const git = { gitFolder: at('.git'), workTree: top }
    const find = () => bindVolumes(sources({ git }), [mounted(at('photos'), '/photos')], quietRun())
    expect((await find()).volumes).toMatchObject([{ key: 'photos', coveredByCode: false }])
    for (let count = 2; count <= 100; count++) rmSync(at(`photos/${count}.jpg`))
    const shape = (await find()).volumes.map(({ key, coveredByCode, isFile }) => [key, coveredByCode, isFile])
    expect(shape).toEqual([
      ['photos', true, false],
      ['photos/0.jpg', false, true],
      ['photos/1.jpg', false, true],
    ])
  })

  it('that several services have is one, with all of them', async () => {
    mkdirSync(at('data'))
    const used = [mounted(at('data'), '/a'), mounted(at('data/'), '/b', true)]
    const { volumes } = await bindVolumes(sources(), used, quietRun())
    expect(volumes).toMatchObject([{ key: 'data', mounts: [{ target: '/a' }, { target: '/b', readOnly: true }] }])
  })
})
