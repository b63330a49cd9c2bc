import { describe, expect, it } from 'vitest'
import { RecoveryError } from '../../domain/errors.ts'
import { ProgramFailure } from '../process/index.ts'
import { withoutQuotes } from './compose-errors.ts'
import { parseModel } from './compose-model.ts'
import { parseContainerStates, waitForRest } from './compose-wait.ts'
import { dockerError, isAbsent } from './docker-errors.ts'
import { isRemote } from './folders.ts'
import { parseContainers, parseEnv, parseImages, parseVolumes } from './inspect.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const failure = (stderr: string) =>
  new ProgramFailure({ command: 'docker', args: ['x'] }, { kind: 'exited', code: 1, signal: null }, stderr)

describe('what docker prints', () => {
  it('may hold null where something is empty', () => {
    const volume = { Name: 'v', Driver: 'local', Mountpoint: '/m', Options: null, Labels: null, Scope: 'local' }
    expect(parseVolumes(json([volume]))).toEqual([
      { name: 'v', driver: 'local', mountpoint: '/m', options: {}, labels: {} },
    ])
    const image = { Id: 'sha256:1', RepoDigests: null, Os: 'linux', Architecture: 'arm64', Variant: 'v8', Config: null }
    expect(parseImages(json([image]))).toEqual([
      { id: 'sha256:1', digests: [], platform: 'linux/arm64/v8', env: {}, volumes: [] },
    ])
    const container = {
      ...{ Id: 'c', Name: '/shop-db-1', State: { Running: true, Health: null }, Mounts: null, NetworkSettings: {} },
      Config: { Image: 'postgres:17', Env: null, Labels: null },
    }
    expect(parseContainers(json([container]))).toMatchObject([
      { name: 'shop-db-1', health: 'none', mounts: [], env: {} },
    ])
  })

  it('is refused when it is something else', () => {
    expect(() => parseVolumes(Buffer.from('<html>'))).toThrow(RecoveryError)
    expect(() => parseVolumes(json([{ name: 'lower' }]))).toThrow('cannot be understood')
  })

  it('may have values with equal signs and lines in the environment', () => {
    expect(parseEnv(['A=b=c', 'EMPTY=', 'NONE', 'LINES=1\n2'])).toEqual({ A: 'b=c', EMPTY: '', LINES: '1\n2' })
  })

  it.each([
    [
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
      'docker-unavailable',
      'start Docker',
    ],
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///x',
      'docker-unavailable',
      'group docker',
    ],
    [
      'Failed to initialize: unable to resolve docker endpoint: context "x": not found',
      'docker-unavailable',
      'context ls',
    ],
    [
      'error during connect: Get "http://x": command [ssh] has exited with exit status 255',
      'docker-unavailable',
      'DOCKER_HOST',
    ],
    ["docker: 'compose' is not a docker command.", 'tool-missing', 'Compose plugin'],
    ["unknown shorthand flag: 'f' in -f", 'tool-missing', 'Compose plugin'],
  ])('tells the reason of “%s”', (stderr, code, hint) => {
    expect(dockerError(failure(stderr))).toMatchObject({ code, hint: expect.stringContaining(hint) })
  })

  it.each([
    ['unix:///var/run/docker.sock', false],
    ['npipe:////./pipe/docker_engine', false],
    ['tcp://127.0.0.1:2375', false],
    ['tcp://localhost:2375', false],
    ['tcp://docker:2376', true],
    ['ssh://me@host.example.org', true],
    ['ssh://me@localhost', false],
    ['', false],
  ])('comes from an engine at %j, which is on another machine: %s', (endpoint, remote) => {
    expect(isRemote(endpoint)).toBe(remote)
  })

  it('tells a registry out of reach from an engine out of reach', () => {
    const error = failure('Error response from daemon: Get "https://registry/v2/": dial tcp: i/o timeout')
    expect(dockerError(error)).toBe(error)
  })
})

describe('what Compose prints', () => {
  it('is the project with nothing in it, at the least', () => {
    expect(parseModel({ name: 'bare' })).toMatchObject({ name: 'bare', services: [], volumes: [], secretFiles: [] })
  })

  it('has every dollar doubled, and numbers where texts are meant', () => {
    const db = { image: 'a:${X}', environment: { P: '$$a$$$$b', N: 5, T: true, U: null }, scale: 0, volumes: null }
    const [service] = parseModel({ name: 'x', services: { db } }).services
    expect(service).toMatchObject({ environment: { P: '$a$$b', N: '5', T: 'true' }, replicas: 0, mounts: [] })
    expect(service!.environment).not.toHaveProperty('U')
  })

  it('tells a health check from a disabled one', () => {
    const service = (healthcheck: unknown) => parseModel({ name: 'x', services: { a: { healthcheck } } }).services[0]!
    expect(service({ test: ['CMD', 'x'] }).hasHealthcheck).toBe(true)
    for (const none of [{ test: ['NONE'] }, { disable: true }, { interval: '1s' }, null, undefined])
      expect(service(none).hasHealthcheck).toBe(false)
  })

  it('lists containers one a line or all in one', () => {
    const [a, b] = [
      { Service: 'a', State: 'exited', ExitCode: 0, Health: '' },
      { Service: 'b', State: 'running', ExitCode: 0, Health: 'healthy' },
    ]
    expect(parseContainerStates(Buffer.from(`${JSON.stringify(a)}\n${JSON.stringify(b)}\n`))).toEqual([a, b])
    expect(parseContainerStates(json([a, b]))).toEqual([a, b])
    expect(parseContainerStates(Buffer.from(''))).toEqual([])
  })

  it('is waited for again without the services that ended well, and only then', async () => {
    const print = () =>
      Promise.resolve(
        Buffer.from('{"Service":"a","State":"exited","ExitCode":0}\n{"Service":"b","State":"running","ExitCode":0}'),
      )
    const again: (readonly string[])[] = []
    const up = (services: readonly string[]) => Promise.resolve(void again.push(services))
    await waitForRest(failure('container a-1 exited (0)'), [], print, up)
    expect(again).toEqual([['b']])
    await expect(waitForRest(failure('container a-1 exited (1)'), [], print, up)).rejects.toThrow('exited (1)')
  })

  it('quotes secrets in its errors, and we do not', () => {
    const env =
      'failed to read /x/.env: line 1: unexpected character " " in variable name near "PASS WORD=hunter2\\nB=\\"c\\"\\n"'
    expect(withoutQuotes(env, [])).toMatch(/in variable name near "\*\*\*"$/)
    const escape =
      'invalid interpolation format for services.a.x.\nYou may need to escape any $ with another $.\n"hunter2$"'
    expect(withoutQuotes(escape, [])).not.toContain('hunter2')
    expect(withoutQuotes('services.a.ports hunter2 is wrong', ['hunter2'])).toBe('services.a.ports *** is wrong')
  })
})

describe('a thing that the engine does not have', () => {
  it.each([
    ['volume', 'Error: No such volume: shop_data'],
    ['volume', 'Error response from daemon: get shop_data: no such volume'],
    ['image', 'Error: No such image: shop:1'],
    ['image', 'Error response from daemon: No such image: shop:1'],
    ['image', 'Error response from daemon: no such image: shop: No such image: shop:latest'],
    ['image', "Unable to find image 'shop:1' locally\nError response from daemon: No such image: shop:1\n"],
    ['container', 'Error: No such container: 0af3'],
    ['container', 'Error response from daemon: No such container: 0af3'],
  ] as const)('is absent: %s, %s', (kind, stderr) => expect(isAbsent(failure(stderr), kind)).toBe(true))

  it.each([
    ['volume', 'Error response from daemon: get shop_data: error looking up volume plugin nfs: plugin "nfs" not found'],
    ['volume', 'Error: No such container: shop_data'],
    ['volume', 'Error response from daemon: open /run/no such volume: permission denied'],
    ['image', 'Error response from daemon: blob sha256:12 not found'],
    ['image', 'Error: No such image: a\nError response from daemon: plugin "x" not found'],
  ] as const)('is not said to be absent by: %s, %s', (kind, stderr) =>
    expect(isAbsent(failure(stderr), kind)).toBe(false),
  )
})
