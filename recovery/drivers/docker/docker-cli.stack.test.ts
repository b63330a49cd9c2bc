import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import { dockerCli } from './docker-cli.ts'
import { quietRun } from './testing/quiet-run.ts'
import { toldDocker } from './testing/told-docker.ts'
import type { FileEntry } from '../../domain/file-entry.ts'

const image = 'postgres:17'
const engine = dockerCli()
const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim()
const start = fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')[19]
const space = fs.readlinkSync('/proc/self/ns/pid')
const us = `${os.hostname()}/${process.pid}/${start}/${space}`
/** Containers that this process made and has not removed. */
const temporary = (): string => docker('ps', '--all', '--quiet', '--filter', `label=aidatavault.owner=${us}`)

type Whole = Omit<FileEntry, 'bytes' | 'path' | 'linkTarget'> & { path: string; linkTarget?: string; content?: string }

/** Entries with their bytes read, by path. */
async function whole(entries: AsyncIterable<FileEntry>): Promise<Whole[]> {
  const all: Whole[] = []
  for await (const { bytes, path: name, linkTarget, ...entry } of entries) {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes ?? []) chunks.push(chunk)
    all.push({
      ...entry,
      path: Buffer.from(name).toString('latin1'),
      ...(linkTarget ? { linkTarget: Buffer.from(linkTarget).toString('latin1') } : {}),
      ...(bytes ? { content: Buffer.concat(chunks).toString('latin1') } : {}),
    })
  }
  return all.sort((a, b) => (a.path < b.path ? -1 : 1))
}

const bytesOf = async function* (text: string | Uint8Array) {
  yield Buffer.from(text as string)
}

const second = 1_000_000_000n
const entry = (name: string | Uint8Array, more: Partial<FileEntry> & { content?: string }): FileEntry => {
  const { content, ...rest } = more
  return {
    ...{ path: Buffer.from(name as string), type: 'file', mode: 0o640, uid: 1234, gid: 4321, user: '', group: '' },
    ...{ mtime: 981_173_106n * second, size: BigInt(content?.length ?? 0) },
    ...(content === undefined ? {} : { bytes: bytesOf(content) }),
    ...rest,
  }
}

const odd = Buffer.from([0x6e, 0xff, 0xfe, 0x0a, 0x20, 0xc3, 0x28])
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')

/** One of everything that a volume can hold and docker cp can carry. */
const everything = (): FileEntry[] => [
  entry('', { type: 'dir', mode: 0o2750 }),
  entry(odd, { content: 'odd' }),
  entry('big', { content: 'x'.repeat(300_000) }),
  entry('cap', { content: 'c', mode: 0o755, xattrs: [{ name: 'security.capability', value: capability }] }),
  entry('cap-link', { type: 'hardlink', mode: 0o755, linkTarget: Buffer.from('cap') }),
  entry('char', { type: 'chardev', device: { major: 1, minor: 300 } }),
  entry('empty', { content: '' }),
  entry('empty-folder', { type: 'dir', mode: 0o1777 }),
  entry('fifo', { type: 'fifo' }),
  entry('n'.repeat(200), { content: 'long' }),
  entry('setuid', { content: 's', mode: 0o6755 }),
  entry('setuid-link', { type: 'hardlink', mode: 0o6755, linkTarget: Buffer.from('setuid') }),
  entry('symlink', { type: 'symlink', mode: 0o777, linkTarget: Buffer.from('../no\xffwhere', 'latin1') }),
]

const stream = async function* (entries: FileEntry[]) {
  yield* entries
}

describe.skipIf(skipsStack)('docker', () => {
  const run = quietRun()
  const id = randomBytes(4).toString('hex')
  const name = (what: string) => `aidv-test-${id}-${what}`
  afterEach(() => expect(temporary()).toBe(''))
  afterAll(() => {
    const volumes = docker('volume', 'ls', '--quiet', '--filter', `name=aidv-test-${id}`)
    if (volumes) docker('volume', 'rm', ...volumes.split('\n'))
  })

  it('fills a volume and reads it again: names, owners, modes, links, devices, capabilities', async () => {
    await engine.createVolume({ name: name('a'), driver: 'local', options: {}, labels: {} }, run)
    await engine.writeVolume(name('a'), image, stream(everything()), run)
    const { entries, finished } = await engine.readVolume(name('a'), image, run)
    const found = await whole(entries)
    await finished
    const sent = await whole(stream(everything()))
    // A second link says again what the file is.
    const { xattrs } = sent.find(one => one.path === 'cap')!
    expect(found).toEqual(sent.map(one => (one.path === 'cap-link' ? { ...one, xattrs } : one)))
  })

  it('keeps nanoseconds and user attributes on the way in, and shows an engine here as a folder', async () => {
    const spec = { name: name('b'), driver: 'local', options: {}, labels: { a: 'b=c', d: '' } }
    await engine.createVolume(spec, run)
    const fine = entry('fine', {
      content: '',
      mtime: 981_173_106_123_456_789n,
      xattrs: [{ name: 'user.note', value: Buffer.from([0, 255]) }],
    })
    await engine.writeVolume(name('b'), image, stream([fine]), run)
    expect(await engine.inspectVolume(name('b'), run)).toMatchObject(spec)
    const folder = await engine.volumeFolder(name('b'), run)
    const { foldersReachable } = await engine.facts(run)
    expect(folder !== undefined).toBe(foldersReachable)
    if (!folder) return
    const stat = fs.lstatSync(path.join(folder, 'fine'), { bigint: true })
    expect([stat.mtimeNs, stat.uid]).toEqual([981_173_106_123_456_789n, 1234n])
  })

  it('never takes an existing volume for a new one', async () => {
    const spec = { name: name('c'), driver: 'local', options: {}, labels: {} }
    await engine.createVolume(spec, run)
    await expect(engine.createVolume(spec, run)).rejects.toMatchObject({ code: 'target-exists' })
    await engine.removeVolume(name('c'), run)
    await engine.removeVolume(name('c'), run)
    expect(await engine.inspectVolume(name('c'), run)).toBeUndefined()
  })

  it('never makes a volume by asking for one that is not there', async () => {
    await expect(engine.readVolume(name('none'), image, run)).rejects.toMatchObject({ code: 'source-unreadable' })
    await expect(engine.writeVolume(name('none'), image, stream([]), run)).rejects.toMatchObject({
      code: 'source-unreadable',
    })
    expect(await engine.inspectVolume(name('none'), run)).toBeUndefined()
  })

  it('does not show a volume that is mounted only while it is used as a folder', async () => {
    const options = { type: 'tmpfs', device: 'tmpfs' }
    await engine.createVolume({ name: name('d'), driver: 'local', options, labels: {} }, run)
    expect(await engine.volumeFolder(name('d'), run)).toBeUndefined()
  })

  it('says when an image is not there', async () => {
    await engine.createVolume({ name: name('e'), driver: 'local', options: {}, labels: {} }, run)
    await expect(engine.readVolume(name('e'), 'no-such-image:1', run)).rejects.toMatchObject({
      code: 'image-unavailable',
    })
    expect(await engine.inspectImage('no-such-image:1', run)).toBeUndefined()
    expect(await engine.inspectImage(image, run)).toMatchObject({
      platform: expect.stringMatching(/^linux\//),
      env: { PGDATA: '/var/lib/postgresql/data' },
      volumes: ['/var/lib/postgresql/data'],
    })
  })

  it('leaves no container when a reader turns away, entries fail or the run is stopped', async () => {
    await engine.createVolume({ name: name('f'), driver: 'local', options: {}, labels: {} }, run)
    const big = entry('big', { size: 50_000_000n, bytes: bytesOf(Buffer.alloc(50_000_000, 1)) })
    await engine.writeVolume(name('f'), image, stream([entry('', { type: 'dir' }), big]), run)

    const left = await engine.readVolume(name('f'), image, run)
    for await (const one of left.entries) if (one.path.length > 0) break
    await expect(left.finished).rejects.toMatchObject({ code: 'interrupted' })
    expect(temporary()).toBe('')

    const broken = (async function* () {
      yield entry('x', { content: 'x' })
      throw new Error('the source broke')
    })()
    await expect(engine.writeVolume(name('f'), image, broken, run)).rejects.toThrow('the source broke')
    expect(temporary()).toBe('')

    const controller = new AbortController()
    const stopped = await engine.readVolume(name('f'), image, quietRun(controller.signal))
    const reading = (async () => {
      for await (const one of stopped.entries) if (one.path.length > 0) controller.abort()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'interrupted' })
    await expect(stopped.finished).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('sweeps containers of runs that are over, and leaves those of living ones', async () => {
    const make = (owner: string) =>
      docker('create', '--label', 'aidatavault.temporary=1', '--label', `aidatavault.owner=${owner}`, image, 'true')
    const dead = make(`${os.hostname()}/${process.pid}/1/${space}`)
    const living = make(us)
    // In another container with its host's name, another process has this number.
    const unseen = make(`${os.hostname()}/${process.pid}/1/pid:[4026530000]`)
    await dockerCli().runOnce({ image, command: ['true'], entrypoint: 'env' }, run)
    const left = docker('ps', '--all', '--quiet', '--no-trunc').split('\n')
    docker('rm', '--volumes', living, unseen)
    expect([dead, living, unseen].map(id => left.includes(id))).toEqual([false, true, true])
  })

  it('runs a command once, with a secret that is in no process list', async () => {
    const spec = { image, entrypoint: 'sh', env: { TOKEN: 'se cret\n"x"' } }
    const command = ['-c', 'printf %s "$TOKEN"; id -u']
    expect(await engine.runOnce({ ...spec, command, user: '999' }, run)).toBe('se cret\n"x"999\n')
    const failing = engine.runOnce({ ...spec, command: ['-c', 'echo "with $TOKEN" >&2; exit 3'] }, run)
    await expect(failing).rejects.toMatchObject({
      code: 'tool-failed',
      message: 'docker run failed with exit code 3: with ***',
    })
  })

  it('ends a command that is stopped', async () => {
    const controller = new AbortController()
    const running = engine.runOnce({ image, entrypoint: 'sleep', command: ['1000'] }, quietRun(controller.signal))
    running.catch(() => {})
    while (!temporary()) await new Promise(resolve => setTimeout(resolve, 50))
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('lists containers, volumes and networks by their labels', async () => {
    const label = `aidv-test=${id}`
    const container = docker('create', '--label', label, '-v', `${name('g')}:/data:ro`, '-e', 'A=b=c', image, 'true')
    docker('volume', 'create', '--label', label, name('h'))
    docker('network', 'create', '--label', label, name('net'))
    try {
      const [found, ...more] = await engine.listContainers({ 'aidv-test': id }, run)
      expect(more).toEqual([])
      expect(found).toMatchObject({ id: container, running: false, health: 'none', image, env: { A: 'b=c' } })
      expect(found!.mounts).toContainEqual(
        expect.objectContaining({ type: 'volume', name: name('g'), target: '/data', readOnly: true }),
      )
      expect(await engine.listVolumes({ 'aidv-test': id }, run)).toEqual([name('h')])
      expect(await engine.listNetworks({ 'aidv-test': id }, run)).toEqual([name('net')])
      expect(await engine.listContainers({ 'aidv-test': 'other' }, run)).toEqual([])
    } finally {
      docker('rm', '--volumes', container)
      docker('network', 'rm', name('net'))
    }
  })

  it('gives an image as entries and takes it back, layers, names and all', async () => {
    const context = fs.mkdtempSync(path.join(os.tmpdir(), 'aidv-image-'))
    const [one, two] = [`${name('image')}:1`, `${name('image')}:2`]
    try {
      fs.writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY file /file\nENV A=b\n')
      fs.writeFileSync(path.join(context, 'file'), 'content')
      docker('build', '--quiet', '--tag', one, context)
      docker('tag', one, two)
      const { id } = (await engine.inspectImage(one, run))!
      const { entries, finished } = await engine.saveImage(one, run)
      const archive = await whole(entries)
      await finished
      expect(archive.filter(({ path: file }) => /layer\.tar$|blobs/.test(file)).length).toBeGreaterThan(0)
      docker('rmi', one, two)
      // Contents can be read once.
      const back = () =>
        archive.map(({ path: file, linkTarget, content, ...rest }) => ({
          ...entry(Buffer.from(file, 'latin1'), content === undefined ? {} : { content }),
          ...rest,
          ...(content === undefined ? {} : { bytes: bytesOf(Buffer.from(content, 'latin1')) }),
          ...(linkTarget === undefined ? {} : { linkTarget: Buffer.from(linkTarget, 'latin1') }),
        }))
      await engine.loadImage(stream(back()), run)
      expect(await engine.inspectImage(one, run)).toMatchObject({ id, env: { A: 'b' } })
      // The other name was not asked for.
      expect(await engine.inspectImage(two, run)).toBeUndefined()
      await expect(engine.loadImage(stream(back().slice(0, 1)), run)).rejects.toMatchObject({ code: 'tool-failed' })
    } finally {
      execFileSync('docker', ['rmi', '--force', one, two], { stdio: 'ignore' })
      fs.rmSync(context, { recursive: true })
    }
  })

  it('says when an image that is to be saved is not there', async () => {
    const { entries, finished } = await engine.saveImage('no-such-image:1', run)
    await expect(whole(entries)).rejects.toMatchObject({ code: 'image-unavailable' })
    await expect(finished).rejects.toMatchObject({ code: 'image-unavailable' })
  })

  it('stops, starts, pauses and lets go on by id, and tells how they stand', async () => {
    const container = docker('run', '--detach', '--init', '--stop-timeout', '7', image, 'sleep', '1000')
    const state = async () => (await engine.listContainers({}, run)).find(({ id: found }) => found === container)!
    try {
      expect(await state()).toMatchObject({ running: true, paused: false, stopSeconds: 7 })
      const { startedAt } = await state()
      await engine.changeContainers('pause', [container], run)
      expect(await state()).toMatchObject({ running: true, paused: true })
      await engine.changeContainers('unpause', [container], run)
      await engine.changeContainers('stop', [container], run)
      expect(await state()).toMatchObject({ running: false, paused: false })
      await engine.changeContainers('start', [container], run)
      expect(await state()).toMatchObject({ running: true, paused: false })
      expect((await state()).startedAt).not.toBe(startedAt)
      await engine.changeContainers('start', [], run)
      await expect(engine.changeContainers('stop', [container, 'no-such-one'], run)).rejects.toThrow(/no-such-one/)
      expect(await state()).toMatchObject({ running: false })
    } finally {
      docker('rm', '--force', '--volumes', container)
    }
  })

  it('asks for what it needs in as few calls as it takes', async () => {
    const told = toldDocker()
    const counted = dockerCli({ command: told.command })
    const [first, second] = [name('several-1'), name('several-2')]
    for (const one of [first, second])
      await engine.createVolume({ name: one, driver: 'local', options: {}, labels: { one } }, run)
    try {
      const facts = await Promise.all([counted.facts(run), counted.facts({ ...run }), counted.facts(quietRun())])
      expect(facts).toEqual(Array(3).fill(await engine.facts(run)))
      expect(told.calls().filter(call => call.startsWith('info'))).toHaveLength(1)

      const both = await counted.inspectVolumes([second, first, second], run)
      expect([...both].map(([key, { labels }]) => [key, labels['one']])).toEqual([
        [second, second],
        [first, first],
      ])
      expect(await counted.inspectVolumes([], run)).toEqual(new Map())
      await counted.volumeFolder(both.get(first)!, run)
      expect(told.calls()).toEqual([`volume inspect ${second} ${first}`])

      const some = await counted.inspectVolumes([name('none'), second, name('none2'), first], run)
      expect([...some].map(([key, { labels }]) => [key, labels['one']])).toEqual([
        [second, second],
        [first, first],
      ])
      expect([...(await counted.inspectImages(['no-such-image:1', image], run)).keys()]).toEqual([image])
    } finally {
      told.end()
    }
  })

  it('cannot pull what no registry has', async () => {
    expect(await engine.pullImage('localhost:1/no-such-image:1', run)).toBe(false)
  })
})

describe('docker without an engine', () => {
  const run = quietRun()

  it('says that none answers, and what to do', async () => {
    const gone = dockerCli({ env: { DOCKER_HOST: 'unix:///no/such/docker.sock' } })
    for (const asked of [() => gone.facts(run), () => gone.inspectVolume('x', run), () => gone.listContainers({}, run)])
      await expect(asked()).rejects.toMatchObject({
        code: expect.stringMatching(/^(docker-unavailable|tool-missing)$/),
        hint: expect.stringMatching(/Docker/),
      })
  })

  it('asks again what the engine is where it did not answer', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'docker-'))
    const command = path.join(folder, 'docker')
    const late = dockerCli({ command })
    await expect(late.facts(run)).rejects.toMatchObject({ code: 'tool-missing' })
    fs.writeFileSync(command, '#!/bin/sh\necho \'{"ServerVersion":"1"}\'\n', { mode: 0o755 })
    await expect(late.facts(run)).rejects.toMatchObject({ code: 'tool-failed' })
    fs.writeFileSync(command, '#!/bin/sh\ncase $1 in info) echo \'{"ServerVersion":"1"}\';; *) echo \'""\';; esac\n')
    expect(await late.facts(run)).toMatchObject({ version: '1' })
    fs.rmSync(folder, { recursive: true })
  })

  it('says that the docker command is missing', async () => {
    await expect(dockerCli({ command: '/no/such/docker' }).facts(run)).rejects.toMatchObject({
      code: 'tool-missing',
      hint: expect.stringContaining('docs.docker.com'),
    })
  })
})
