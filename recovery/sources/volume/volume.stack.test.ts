import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import { dockerCli } from '../../drivers/docker/index.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import type { ProjectVolume } from '../../project/project.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun, testBind, warningsOf } from '../testing/test-project.ts'
import { captureVolume, restoreVolume, verifyVolume } from './index.ts'

const image = 'postgres:17'
const direct = dockerCli()
/** As it is for someone whose engine's folders are out of reach. */
const remote: ContainerEngine = Object.assign(dockerCli(), {
  volumeFolder: () => Promise.resolve(undefined),
})
const isRoot = process.getuid?.() === 0

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'latin1', maxBuffer: 1 << 26 })

const lookCommand = `cd /v; find . -printf '%P|%y|%m|%U:%G|%T@|%n|%l|%s\\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum`
const look = (name: string): string =>
  docker('run', '--rm', '--entrypoint', 'sh', '--volume', `${name}:/v`, image, '-c', lookCommand)

let names: string[] = []
let run: ReturnType<typeof quietRun>
const newName = (): string => {
  const name = `aidatavault-test-${randomBytes(4).toString('hex')}`
  names.push(name)
  return name
}

const made = (name: string, script: string): ProjectVolume => {
  docker(
    'volume',
    'create',
    '--label',
    'com.docker.compose.project=shop',
    '--label',
    'com.docker.compose.volume=uploads',
    name,
  )
  docker(
    'run',
    '--rm',
    '--interactive',
    '--entrypoint',
    'sh',
    '--workdir',
    '/v',
    '--volume',
    `${name}:/v`,
    image,
    '-c',
    script,
  )
  return testBind(name, { key: 'uploads', kind: 'volume', name, image })
}

const oddities = fs.readFileSync(path.join(import.meta.dirname, 'oddities.sh'), 'utf8')
const labels = { 'com.docker.compose.project': 'shop', 'aidatavault.recovery': 'abc' }

describe.skipIf(skipsStack)('a volume of a real engine', () => {
  beforeEach(() => {
    run = quietRun()
  })
  afterEach(() => {
    if (names.length > 0) docker('volume', 'rm', '--force', ...names)
    names = []
  })

  const ways = [
    ['directly', 'directly', direct, direct],
    ['through docker cp', 'through docker cp', remote, remote],
    ['directly', 'through docker cp', direct, remote],
    ['through docker cp', 'directly', remote, direct],
  ] as const

  for (const [reading, writing, source, destination] of ways)
    it.skipIf(!isRoot && (source === direct || destination === direct))(
      `read ${reading} comes back ${writing} with everything in it, labelled for Compose`,
      async () => {
        const volume = made(newName(), oddities)
        const { facts, reader } = await capturedPoint(writer => captureVolume(volume, source, writer, run))
        expect(facts).toMatchObject({
          ...{
            kind: 'volume',
            driver: 'local',
            way: source === direct ? 'files' : 'docker-cp',
            inPoint: 'volumes/uploads',
          },
          labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'uploads' },
        })
        const target = { name: newName(), image, labels: { ...facts.labels, ...labels } }
        await restoreVolume(facts, target, destination, reader, run)
        // What docker cp reads has times in whole seconds.
        const seen = (name: string) => (source === direct ? look(name) : look(name).replace(/\.\d+\|/g, '|'))
        expect(seen(target.name)).toBe(seen(volume.name))
        for (const judge of isRoot ? [direct, remote] : [remote])
          expect((await verifyVolume(facts, target, judge, reader, run)).filter(({ ok }) => !ok)).toEqual([])
        const found = await direct.inspectVolume(target.name, run)
        expect(found?.labels).toEqual(target.labels)
        expect(warningsOf(run)).toHaveLength(source === direct && destination === remote ? 1 : 0)
      },
    )

  it('that is empty comes back empty', async () => {
    const volume = made(newName(), 'true')
    const { facts, reader } = await capturedPoint(writer => captureVolume(volume, remote, writer, run))
    const target = { name: newName(), image, labels }
    await restoreVolume(facts, target, remote, reader, run)
    expect((await verifyVolume(facts, target, remote, reader, run)).map(({ ok }) => ok)).toEqual([true, true])
    expect(look(target.name)).toMatch(/^\|d\|755\|0:0\|[^\n]*\n[^\n]* -\n$/)
  })

  it('is never written into when it is there already', async () => {
    const volume = made(newName(), 'echo old >old')
    const { facts, reader } = await capturedPoint(writer => captureVolume(volume, direct, writer, run))
    const target = { name: volume.name, image, labels }
    await expect(restoreVolume(facts, target, direct, reader, run)).rejects.toMatchObject({ code: 'target-exists' })
    expect(look(volume.name)).toContain('old')
  })

  it.skipIf(!isRoot)(
    'that stands for a folder of the host is read from there, and comes back only into an empty one',
    async () => {
      const device = fs.mkdtempSync('/var/tmp/aidatavault-test-')
      try {
        const name = newName()
        docker('volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${device}`, name)
        fs.writeFileSync(path.join(device, 'a'), 'precious')
        const volume = testBind(name, { key: 'uploads', kind: 'volume', name, image })
        const { facts, reader } = await capturedPoint(writer => captureVolume(volume, direct, writer, run))
        expect(facts).toMatchObject({ files: 1, bytes: 8, way: 'docker-cp' })
        const target = { name: newName(), image, labels }
        await expect(restoreVolume(facts, target, direct, reader, run)).rejects.toMatchObject({ code: 'target-exists' })
        expect(await direct.inspectVolume(target.name, run)).toBeUndefined()
        expect(fs.readFileSync(path.join(device, 'a'), 'utf8')).toBe('precious')
        fs.rmSync(device, { recursive: true })
        await restoreVolume(facts, target, direct, reader, run)
        expect(fs.readFileSync(path.join(device, 'a'), 'utf8')).toBe('precious')
        expect((await verifyVolume(facts, target, direct, reader, run)).filter(({ ok }) => !ok)).toEqual([])
      } finally {
        fs.rmSync(device, { recursive: true, force: true })
      }
    },
  )

  it('that changed after it came back is found', async () => {
    const volume = made(newName(), 'echo a >a')
    const { facts, reader } = await capturedPoint(writer => captureVolume(volume, remote, writer, run))
    docker('run', '--rm', '--entrypoint', 'sh', '--volume', `${volume.name}:/v`, image, '-c', 'echo b >/v/a')
    const checks = await verifyVolume(facts, { name: volume.name, image }, remote, reader, run)
    expect(checks.map(({ ok }) => ok)).toEqual([false, true])
  })

  it('without an image to reach it through fails before anything is read', async () => {
    const volume = { ...made(newName(), 'true'), image: undefined }
    const capturing = capturedPoint(writer => captureVolume(volume, remote, writer, run))
    await expect(capturing).rejects.toMatchObject({ code: 'image-unavailable' })
  })
})
