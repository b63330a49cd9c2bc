import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { composeCli, dockerCli } from '../../drivers/docker/index.ts'
import type { ContainerEngine } from '../../drivers/docker/container-engine.ts'
import { quietRun } from '../../drivers/docker/testing/quiet-run.ts'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import { testProject } from '../../sources/testing/test-project.ts'
import { skipsStack } from '../../../test/stack/engine.ts'
import { volumeState } from '../../../test/stack/volume-state.ts'
import {
  endExchange,
  exchangeVolumes,
  planExchange,
  planPathExchange,
  settleExchange,
  type VolumeExchange,
} from './exchange-volumes.ts'
import { keptLabel } from './kept-volume.ts'
import type { Restoration } from './restoration.ts'
import { settleVolume } from './volume-settle.ts'

const image = 'node:24-slim'
const run = quietRun()
const direct = dockerCli()
const prefix = `exchange-${randomBytes(4).toString('hex')}`
const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' })
const volumes = () =>
  docker('volume', 'ls', '--quiet')
    .split('\n')
    .filter(name => name.startsWith(prefix))

/** The same engine with other answers, as where volumes' folders are out of reach. */
const engineWith = (parts: Partial<ContainerEngine>): ContainerEngine =>
  new Proxy(direct, {
    get: (target, name) => {
      const own = parts[name as keyof ContainerEngine] ?? target[name as keyof ContainerEngine]
      return typeof own === 'function' ? (own as () => unknown).bind(target) : own
    },
  })
const remote = engineWith({ volumeFolder: () => Promise.resolve(undefined) })
const toolsWith = (engine: ContainerEngine) => ({ engine, compose: composeCli() })

/** The engine whose machine dies where the script says `at`. */
const dyingAt = (at: string) => {
  let dead = false
  return engineWith({
    volumeFolder: () => Promise.resolve(undefined),
    runOnce: (spec, run) => {
      if (dead) return Promise.reject(new Error('dead'))
      if (!spec.volumes) return direct.runOnce(spec, run)
      dead = true
      const command = spec.command.map(text => text.replace(`\n${at}`, `\nexit 7\n${at}`))
      expect(command).not.toEqual(spec.command)
      return direct.runOnce({ ...spec, command }, run)
    },
  })
}

describe.skipIf(skipsStack)('the contents of two volumes', () => {
  const [a, b] = [`${prefix}-a`, `${prefix}-b`]
  let before: readonly (readonly string[])[]
  const states = () => Promise.all([a, b].map(volumeState))

  beforeEach(async () => {
    for (const name of [a, b]) docker('volume', 'create', name)
    const fill = `cd /a; echo old >'odd
name'; ln 'odd
name' hard; ln -s nowhere link; mkfifo pipe; mkdir -m 700 inner; echo x >inner/x; chown -R 999:998 inner; chmod 4755 hard; chmod 750 /a
      head -c 3000000 /dev/urandom >/b/new; chown 33:33 /b; touch -d '1999-12-31 23:59:59.987654321' /b/new`
    docker('run', '--rm', '-v', `${a}:/a`, '-v', `${b}:/b`, '--entrypoint', 'sh', image, '-ec', fill)
    before = await states()
  })
  afterEach(() => {
    const left = volumes()
    if (left.length > 0) docker('volume', 'rm', ...left)
    expect(left.toSorted()).toEqual([a, b])
  })

  const ways: [string, ContainerEngine, boolean][] = [
    ['in place', direct, process.getuid?.() === 0],
    ['through a container', remote, true],
  ]
  it.each(ways.filter(([, , can]) => can))('change places whole, %s', async (way, engine) => {
    const tools = toolsWith(engine)
    const exchange = await planExchange(a, b, ['no/such:image', image], tools, run)
    expect(exchange.way).toBe(way === 'in place' ? 'folders' : 'copy')
    expect(await settleExchange(exchange, tools, run)).toBe('before')
    await exchangeVolumes(exchange, tools, run)
    expect(await settleExchange(exchange, tools, run)).toBe('after')
    await endExchange(exchange, tools, run)
    await endExchange(exchange, tools, run)
    expect(await states()).toEqual(before.toReversed())
  })

  it.each(['mark saved', 'mark placed', 'mark done'])('are as before when the copy dies at: %s', async at => {
    const exchange = await planExchange(a, b, [image], toolsWith(remote), run)
    await expect(exchangeVolumes(exchange, toolsWith(dyingAt(at)), run)).rejects.toMatchObject({
      code: 'restore-failed',
    })
    // Killed again while it is put back.
    await expect(settleExchange(exchange, toolsWith(dyingAt('echo before')), run)).rejects.toBeDefined()
    expect(await settleExchange(exchange, toolsWith(remote), run)).toBe('before')
    await endExchange(exchange, toolsWith(remote), run)
    expect(await states()).toEqual(before)
  })

  /** Settled by a command that is killed before it has written down what came of it, and by the next one. */
  async function settleTwice(step: string, detail: Record<string, unknown>): Promise<string> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-'))
    try {
      const began = { id: '0123abcd', kind: 'volume', what: 'volume a', vault: null, point: null } as const
      const journal = await RestoreJournal.begin(root, { ...began, startedAt: '2026-03-01T14:30:00.000Z', detail: {} })
      await journal.begins(step, { key: 'a', kind: 'volume', place: a, hadNone: false, ...detail })
      const tools = toolsWith(remote)
      const restoration = { project: testProject(root), tools, run, vault: {} as Restoration['vault'] }
      const outcome = await settleVolume(journal, restoration)
      for (const again of await RestoreJournal.list(root)) expect(await settleVolume(again, restoration)).toBe(outcome)
      return outcome
    } finally {
      fs.rmSync(root, { recursive: true })
    }
  }

  it('stay with who got them, also when what settles it is killed', async () => {
    docker('volume', 'rm', b)
    docker('volume', 'create', '--label', `${keptLabel}=0123abcd`, b)
    docker('run', '--rm', '-v', `${b}:/b`, '--entrypoint', 'sh', image, '-ec', 'echo new >/b/new')
    before = await states()
    const exchange = await planExchange(a, b, [image], toolsWith(remote), run)
    await exchangeVolumes(exchange, toolsWith(remote), run)
    expect(await settleTwice('exchange', { made: b, exchange })).toBe('done')
    expect(await states()).toEqual(before.toReversed())
    const back = await planExchange(a, b, [image], toolsWith(remote), run)
    await exchangeVolumes(back, toolsWith(remote), run)
    expect(await settleTwice('back', { made: b, back })).toBe('rolled-back')
    expect(await volumeState(a)).toEqual(before[0])
    expect(volumes()).toEqual([a])
    docker('volume', 'create', b)
  })

  it('stay when a container runs on one of them', async () => {
    const exchange: VolumeExchange = await planExchange(a, b, [image], toolsWith(remote), run)
    docker('run', '--detach', '--init', '--name', `${prefix}-user`, '-v', `${b}:/b`, image, 'sleep', 'infinity')
    try {
      await expect(exchangeVolumes(exchange, toolsWith(remote), run)).rejects.toMatchObject({ code: 'target-exists' })
    } finally {
      docker('rm', '--force', `${prefix}-user`)
    }
    expect(await states()).toEqual(before)
  })

  it('stay when they are folders, and a container runs on something in one of them', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-test-'))
    const at = (...names: string[]) => path.join(folder, ...names)
    for (const name of ['a/inner', 'b']) fs.mkdirSync(at(name), { recursive: true })
    docker(
      'run',
      '--detach',
      '--init',
      '--name',
      `${prefix}-user`,
      '-v',
      `${at('a/inner')}:/a`,
      image,
      'sleep',
      'infinity',
    )
    try {
      const exchange = await planPathExchange(at('a'), at('b'))
      await expect(exchangeVolumes(exchange, toolsWith(direct), run)).rejects.toMatchObject({ code: 'target-exists' })
      expect(fs.readdirSync(at('a'))).toEqual(['inner'])
    } finally {
      docker('rm', '--force', `${prefix}-user`)
      fs.rmSync(folder, { recursive: true })
    }
  })

  it('are not touched without an image that has a shell', async () => {
    const planning = planExchange(a, b, ['no/such:image'], toolsWith(remote), run)
    await expect(planning).rejects.toMatchObject({ code: 'image-unavailable' })
  })
})

describe.skipIf(skipsStack)('a volume that fits only once on its disk', () => {
  const [a, b] = [`${prefix}-small`, `${prefix}-large`]
  const made = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs']
  beforeAll(() => {
    docker('volume', 'create', b)
    docker('volume', 'create', ...made, '--opt', 'o=size=1m', a)
  })
  afterAll(() => void docker('volume', 'rm', ...volumes()))

  it('is as before when the other one does not fit into it', async () => {
    // A tmpfs lives as long as something mounts it: a container that sleeps does, and counts as none of the project's.
    const keeper = `${prefix}-keeper`
    docker('run', '--detach', '--init', '--name', keeper, '-v', `${a}:/a`, '-v', `${b}:/b`, image, 'sleep', 'infinity')
    try {
      docker('exec', keeper, 'sh', '-ec', 'head -c 300000 /dev/urandom >/a/old; head -c 4000000 /dev/urandom >/b/new')
      const sums = () => docker('exec', keeper, 'sh', '-ec', 'cd /; sha256sum a/* b/*')
      const before = sums()
      const engine = engineWith({
        volumeFolder: () => Promise.resolve(undefined),
        listContainers: async (labels, run) =>
          (await direct.listContainers(labels, run)).filter(({ name }) => name !== keeper),
      })
      const exchange = await planExchange(a, b, [image], toolsWith(engine), run)
      const exchanging = exchangeVolumes(exchange, toolsWith(engine), run)
      await expect(exchanging).rejects.toMatchObject({ code: 'storage-full' })
      expect(await settleExchange(exchange, toolsWith(engine), run)).toBe('before')
      await endExchange(exchange, toolsWith(engine), run)
      expect(sums()).toBe(before)
    } finally {
      docker('rm', '--force', keeper)
    }
  })
})
