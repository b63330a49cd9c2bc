import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConfigFile } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Project, ProjectEnvFile } from '../../project/project.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, testBind, testProject, warningsOf } from '../testing/test-project.ts'
import { configInPoint } from './layout.ts'
import { draftOf } from './restore-config.ts'
import { captureConfig, restoreConfig, verifyConfig } from './index.ts'

let folder: string
let run: ReturnType<typeof quietRun>

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'aidatavault-test-'))
  fs.mkdirSync(at('project/server'), { recursive: true })
  fs.mkdirSync(at('back'))
  run = quietRun()
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const modeOf = (name: string) => fs.statSync(at(name)).mode & 0o7777
const read = (name: string) => fs.readFileSync(at(name), 'latin1')

const file = (name: string, kind: ProjectEnvFile['kind'], content: string, mode = 0o644): ProjectEnvFile => {
  fs.writeFileSync(at(name), content, { mode })
  fs.chmodSync(at(name), mode)
  return { path: at(name), kind }
}

const capture = (configFiles: ProjectEnvFile[], parts: Partial<Project> = {}) =>
  capturedPoint(writer => captureConfig(testProject(at('project'), { configFiles, ...parts }), writer, run))

const restore = ({ facts, reader }: { facts: readonly ConfigFile[]; reader: PointReader }) =>
  restoreConfig(facts, reader, at('back'), run)

const failed = async (facts: readonly ConfigFile[]) =>
  (await verifyConfig(facts, at('back'), run)).filter(({ ok }) => !ok)

const secret = 'PASSWORD="it\'s $ecret\n# \\" \xff"\r\n'

describe('configuration', () => {
  it('comes back byte for byte, env files and secrets readable by their owner alone, others as they were', async () => {
    const point = await capture([
      file('project/server/.env', 'env', secret, 0o644),
      file('project/key.pem', 'secret', 'key', 0o755),
      file('project/docker-compose.yml', 'compose', 'services: {}', 0o664),
      file('project/nginx.conf', 'mounted', '', 0o640),
    ])
    await restore(point)
    expect(read('back/server/.env')).toBe(read('project/server/.env'))
    expect(['server/.env', 'key.pem', 'docker-compose.yml', 'nginx.conf'].map(name => modeOf(`back/${name}`))).toEqual([
      0o600, 0o600, 0o664, 0o640,
    ])
    expect(await failed(point.facts)).toEqual([])
    expect(fs.readdirSync(at('back')).sort()).toEqual(['docker-compose.yml', 'key.pem', 'nginx.conf', 'server'])
  })

  it('is named in the manifest, never told', async () => {
    const { facts } = await capture([file('project/server/.env', 'env', 'TOKEN=hunter2')])
    expect(facts).toEqual([
      expect.objectContaining({
        path: 'server/.env',
        inPoint: 'config/server/.env',
        kind: 'env',
        mode: 0o644,
        bytes: 13,
      }),
    ])
    expect(JSON.stringify(facts)).not.toContain('hunter2')
  })

  it('from outside of the project goes back to where it was', async () => {
    const point = await capture([file('outside.env', 'env', 'A=1')])
    expect(point.facts[0]).toMatchObject({ path: at('outside.env'), inPoint: `config/absolute${at('outside.env')}` })
    fs.rmSync(at('outside.env'))
    await restore(point)
    expect([read('outside.env'), modeOf('outside.env')]).toEqual(['A=1', 0o600])
    expect(await failed(point.facts)).toEqual([])
  })

  it('that is there with the same content stays; in the project it gets the right permissions, outside it is not touched', async () => {
    const point = await capture([file('project/.env', 'env', 'A=1'), file('outside.env', 'env', 'B=2', 0o644)])
    file('back/.env', 'env', 'A=1', 0o644)
    await restore(point)
    expect([modeOf('back/.env'), modeOf('outside.env')]).toEqual([0o600, 0o644])
    await restore(point)
    expect(await failed(point.facts)).toEqual([])
  })

  it('that is there with another content is never overwritten, and nothing else is written then', async () => {
    const point = await capture([file('project/a', 'mounted', 'a'), file('outside.env', 'env', 'B=2')])
    file('outside.env', 'env', 'another')
    await expect(restore(point)).rejects.toMatchObject({
      code: 'target-exists',
      message: expect.stringContaining(at('outside.env')),
    })
    expect(read('outside.env')).toBe('another')
    expect(fs.readdirSync(at('back'))).toEqual([])
  })

  it('behind a link comes back behind it when the link is there, and in its place when not', async () => {
    const target = file('project/real.env', 'env', 'A=1')
    fs.symlinkSync('real.env', at('project/.env'))
    const point = await capture([{ path: at('project/.env'), kind: 'env' }])
    await restore(point)
    expect(read('back/.env')).toBe('A=1')
    fs.rmSync(at('back/.env'))
    fs.symlinkSync('real.env', at('back/.env'))
    await restore(point)
    expect(fs.readlinkSync(at('back/.env'))).toBe('real.env')
    expect(read('back/real.env')).toBe(fs.readFileSync(target.path, 'latin1'))
  })

  it('behind a link that leads out of the project keeps the permissions that it has there', async () => {
    for (const folder of ['project/conf', 'shared/conf']) fs.mkdirSync(at(folder), { recursive: true })
    const point = await capture([file('project/.env', 'env', 'A=1'), file('project/conf/b.env', 'env', 'B=2')])
    file('shared/conf/b.env', 'env', 'B=2', 0o644)
    fs.mkdirSync(at('back'), { recursive: true })
    fs.symlinkSync(file('shared/.env', 'env', 'A=1', 0o644).path, at('back/.env'))
    fs.symlinkSync(at('shared/conf'), at('back/conf'))
    await restore(point)
    expect([modeOf('shared/.env'), modeOf('shared/conf/b.env')]).toEqual([0o644, 0o644])
    expect(await failed(point.facts)).toEqual([])
  })

  it('left half-written by a killed run is written anew', async () => {
    const point = await capture([file('project/.env', 'env', 'A=1')])
    fs.writeFileSync(draftOf(at('back/.env')), 'A')
    await restore(point)
    expect(read('back/.env')).toBe('A=1')
    // Cut off between taking the name and removing the draft.
    fs.linkSync(at('back/.env'), draftOf(at('back/.env')))
    await restore(point)
    expect(fs.readdirSync(at('back'))).toEqual(['.env'])
  })

  it('that was changed, removed or opened to others is found', async () => {
    const point = await capture(['a', 'b', 'c'].map(name => file(`project/${name}`, 'env', name)))
    await restore(point)
    fs.writeFileSync(at('back/a'), 'x')
    fs.rmSync(at('back/b'))
    fs.chmodSync(at('back/c'), 0o644)
    expect((await failed(point.facts)).map(({ detail }) => detail)).toEqual([
      'another content than in the point',
      'missing',
      'permissions 644 instead of 600',
    ])
  })

  it('that is missing is said; that cannot be read fails the capture', async () => {
    const { facts } = await capture([{ path: at('project/gone.env'), kind: 'env' }])
    expect([facts, warningsOf(run)]).toEqual([[], [expect.stringContaining('gone.env')]])
    await expect(capture([{ path: at('project/server'), kind: 'mounted' }])).rejects.toMatchObject({
      code: 'source-unreadable',
    })
  })

  it('in a folder that is captured as a volume is left to it', async () => {
    fs.mkdirSync(at('project/data'))
    const files = [file('project/data/.env', 'env', 'A=1'), file('project/.env', 'env', 'A=1')]
    const { facts } = await capture(files, { volumes: [testBind(at('project/data'))] })
    expect(facts.map(({ path }) => path)).toEqual(['.env'])
  })

  it('that is found twice is captured once, as the secret that it is', async () => {
    const env = file('project/.env', 'env', 'A=1')
    const { facts } = await capture([{ ...env, kind: 'mounted' }, env])
    expect(facts.map(({ kind }) => kind)).toEqual(['env'])
  })

  it('keeps its owner and time', async () => {
    const { path: name } = file('project/.env', 'env', 'A=1')
    const isRoot = process.getuid?.() === 0
    if (isRoot) fs.chownSync(name, 999, 998)
    execFileSync('touch', ['-d', '2001-02-03T04:05:06.789Z', name])
    await restore(await capture([{ path: name, kind: 'env' }]))
    const stats = fs.statSync(at('back/.env'))
    expect(stats.mtime.toISOString()).toBe('2001-02-03T04:05:06.789Z')
    if (isRoot) expect([stats.uid, stats.gid]).toEqual([999, 998])
  })

  it('has a place of its own in the point, whatever the folders are called', () => {
    const names = ['absolute/a', '/a', '%absolute/a', 'absolute', 'absolutely/a', 'x/absolute/a']
    expect(new Set(names.map(configInPoint)).size).toBe(names.length)
  })
})
