import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VolumeFacts } from '../../../contract/manifest.ts'
import type { Part, PointReader } from '../../domain/point-content.ts'
import type { RunEvent } from '../../domain/run.ts'
import { dockerCli } from '../../drivers/docker/index.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, testBind, testProject } from '../testing/test-project.ts'
import { volumeInPoint } from './layout.ts'
import { draftOf } from './restore-bind.ts'
import { captureVolume, restoreVolume, verifyVolume, volumesToCapture } from './index.ts'

// Bind mounts only: no engine is asked anything.
const engine = dockerCli()
let folder: string
const run = quietRun()

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'aidatavault-test-'))
  fs.mkdirSync(at('data'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const capture = (volume: ProjectVolume) => capturedPoint(writer => captureVolume(volume, engine, writer, run))
const restore = ({ facts, reader }: { facts: VolumeFacts; reader: PointReader }, name = at('back')) =>
  restoreVolume(facts, { name }, engine, reader, run)
const verify = ({ facts, reader }: { facts: VolumeFacts; reader: PointReader }, name = at('back')) =>
  verifyVolume(facts, { name }, engine, reader, run)

const fill = (name: string) => {
  const own = spawnable('setfattr') ? '1' : ''
  execFileSync('sh', [path.join(import.meta.dirname, 'oddities.sh')], {
    cwd: at(name),
    env: { ...process.env, OWN: own },
  })
}
const spawnable = (command: string) =>
  (process.env['PATH'] ?? '').split(':').some(place => fs.existsSync(path.join(place, command)))

/** Everything that can be seen of a folder. */
const look = (name: string): string =>
  execFileSync(
    'sh',
    [
      '-c',
      `find . -printf '%P|%y|%m|%U:%G|%T@|%n|%l|%s\\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum; getfattr -dR . 2>/dev/null | sort`,
    ],
    { cwd: at(name), maxBuffer: 1 << 26 },
  ).toString('latin1')

describe('a bind mount', () => {
  it('is told of when files in it were gone before they could be read', async () => {
    for (const name of ['stays', 'goes']) fs.writeFileSync(at(`data/${name}`), name)
    const volume = testBind(at('data'))
    const told: RunEvent[] = []
    const noted = { ...run, report: (event: RunEvent) => void told.push(event) }
    const select = () => (fs.rmSync(at('data/goes'), { force: true }), true)
    await capturedPoint(writer => {
      const save = (part: Part) => writer.save(part.kind === 'folder' ? { ...part, select } : part)
      return captureVolume(volume, engine, { ...writer, save }, noted)
    })
    const text = `volume ${volume.key}: changed while it was read: goes`
    expect(told).toContainEqual({ kind: 'warning', text })
  })

  it('comes back with everything that a folder can hold', async () => {
    fill('data')
    const point = await capture(testBind(at('data')))
    expect(point.facts).toMatchObject({
      kind: 'bind',
      way: 'files',
      isFile: false,
      skipped: [],
      inPoint: 'volumes/.%2Fdata',
    })
    await restore(point)
    expect(look('back')).toBe(look('data'))
    expect(await verify(point)).toEqual([expect.objectContaining({ ok: true })])
    expect(fs.readdirSync(folder).sort()).toEqual(['back', 'data'])
  })

  it('takes the place of an empty folder, and of nothing else', async () => {
    fs.writeFileSync(at('data/a'), 'a')
    const point = await capture(testBind(at('data')))
    fs.mkdirSync(at('back'))
    await restore(point)
    await expect(restore(point)).rejects.toMatchObject({
      code: 'target-exists',
      message: expect.stringContaining(at('back')),
    })
    fs.writeFileSync(at('file'), '')
    await expect(restore(point, at('file'))).rejects.toMatchObject({ code: 'target-exists' })
    expect(fs.readFileSync(at('back/a'), 'utf8')).toBe('a')
  })

  it('of a single file comes back as that file, and never over another', async () => {
    fs.writeFileSync(at('app.conf'), 'x=1', { mode: 0o640 })
    fs.utimesSync(at('app.conf'), 1e9, 1e9)
    const point = await capture(testBind(at('app.conf'), { isFile: true }))
    expect(point.facts).toMatchObject({ isFile: true, files: 1, bytes: 3 })
    await restore(point)
    const stats = fs.statSync(at('back'))
    expect([fs.readFileSync(at('back'), 'utf8'), stats.mode & 0o777, stats.mtimeMs]).toEqual(['x=1', 0o640, 1e12])
    expect(await verify(point)).toEqual([expect.objectContaining({ ok: true })])
    fs.writeFileSync(at('back'), 'x=2')
    expect(await verify(point)).toEqual([expect.objectContaining({ ok: false })])
    await expect(restore(point)).rejects.toMatchObject({ code: 'target-exists' })
    expect(fs.readFileSync(at('back'), 'utf8')).toBe('x=2')
  })

  it('of which a killed run left a half starts over', async () => {
    fs.writeFileSync(at('data/a'), 'whole')
    const point = await capture(testBind(at('data')))
    fs.mkdirSync(draftOf(at('back')))
    fs.writeFileSync(path.join(draftOf(at('back')), 'a'), 'ha')
    await restore(point)
    expect(fs.readdirSync(folder).sort()).toEqual(['back', 'data'])
    expect(fs.readFileSync(at('back/a'), 'utf8')).toBe('whole')
  })

  it('behind a link is captured as what the link leads to', async () => {
    fs.writeFileSync(at('data/a'), 'a')
    fs.symlinkSync('data', at('link'))
    const point = await capture(testBind(at('link')))
    await restore(point)
    expect(fs.readFileSync(at('back/a'), 'utf8')).toBe('a')
  })

  it('that came back different is found, and what differs is named', async () => {
    fill('data')
    const point = await capture(testBind(at('data')))
    await restore(point)
    fs.chmodSync(at('back/random'), 0o644)
    fs.rmSync(at('back/pipe'))
    fs.writeFileSync(at('back/more'), '')
    const [check] = await verify(point)
    expect(check!.ok).toBe(false)
    for (const what of ['random: mode', 'pipe: missing', 'more: unexpected']) expect(check!.detail).toContain(what)
  })

  it('that is gone, or cannot be made, fails in words', async () => {
    await expect(capture(testBind(at('gone')))).rejects.toMatchObject({ code: 'source-unreadable' })
    const point = await capture(testBind(at('data')))
    fs.writeFileSync(at('file'), '')
    await expect(restore(point, at('file/back'))).rejects.toMatchObject({ code: 'restore-failed' })
  })
})

describe('volumes to capture', () => {
  const names = (volumes: ProjectVolume[], parts = {}) =>
    volumesToCapture(testProject('/p', { volumes, ...parts })).map(({ key }) => key)

  it('are those that hold no database and are not code', () => {
    const volumes = [
      testBind('uploads', { kind: 'volume' }),
      testBind('pgdata', { kind: 'volume', holdsServer: 'db' }),
      testBind('/p/src', { coveredByCode: true }),
      testBind('/p/reports'),
      testBind('/p/nginx.conf', { isFile: true }),
      testBind('/p/other.conf', { isFile: true }),
    ]
    const configFiles = [{ path: '/p/nginx.conf', kind: 'mounted' }]
    expect(names(volumes, { configFiles })).toEqual(['uploads', 'reports', 'other.conf'])
  })

  it('are not the project itself, and no folder twice', () => {
    expect(
      names([testBind('/p'), testBind('/'), testBind('/p/data/inner'), testBind('/p/data'), testBind('/p/data2')]),
    ).toEqual(['data', 'data2'])
  })

  it('have a place of their own in the point, whatever they are called', () => {
    const places = [
      volumeInPoint({ kind: 'volume', key: 'data' }),
      volumeInPoint({ kind: 'bind', key: 'data' }),
      volumeInPoint({ kind: 'bind', key: 'data/inner' }),
      volumeInPoint({ kind: 'bind', key: '/data' }),
      volumeInPoint({ kind: 'bind', key: '/data/inner' }),
    ]
    expect(new Set(places).size).toBe(places.length)
    expect(places.every(place => place.split('/').length === 2)).toBe(true)
  })
})
