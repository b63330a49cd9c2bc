import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from '../../../test/stack/engine.ts'
import { composeCli } from './compose-cli.ts'
import { dockerCli } from './docker-cli.ts'
import { quietRun } from './testing/quiet-run.ts'
import type { ComposeAddress } from './compose.ts'
import type { RunningProgram } from '../process/index.ts'

const file = `
services:
  db:
    image: postgres:17
    entrypoint: [sleep, "1000"]
    init: true
    environment:
      POSTGRES_PASSWORD: se$$cret
      FROM_ENV: \${SHOP_WORD}
      UNSET:
    labels: { aidatavault.note: "1" }
    volumes:
      - data:/var/lib/data
      - ./conf:/conf:ro
      - /anon
    tmpfs: [/scratch:size=1m]
    healthcheck: { test: ["CMD", "true"], interval: 1s }
  migrate:
    image: postgres:17
    entrypoint: ["true"]
    depends_on: { db: { condition: service_healthy } }
  tool:
    image: postgres:17
    entrypoint: [sleep, "1000"]
    init: true
    profiles: [tools]
    secrets: [key]
    deploy: { replicas: 2 }
  made:
    build: .
    profiles: [never]
    ports: ["127.0.0.1:18081:80", "9000-9001:9000-9001/udp", "81"]
volumes:
  data:
    driver_opts: {}
    labels: { keep: "yes" }
  other: { external: true, name: elsewhere }
secrets:
  key: { file: ./key.txt }
`

describe.skipIf(skipsStack)('Compose', () => {
  const run = quietRun()
  const compose = composeCli()
  const name = `aidv-compose-${randomBytes(4).toString('hex')}`
  let address: ComposeAddress
  beforeAll(() => {
    const directory = fs.mkdtempSync(path.join(tmpdir(), 'compose-'))
    fs.mkdirSync(path.join(directory, 'conf'))
    fs.mkdirSync(path.join(directory, 'sub'))
    fs.writeFileSync(path.join(directory, 'compose.yaml'), `name: ${name}${file}`)
    fs.writeFileSync(path.join(directory, '.env'), "SHOP_WORD='fr$om'\n")
    fs.writeFileSync(path.join(directory, 'key.txt'), 'key')
    address = { directory, files: [], profiles: [] }
  })
  afterAll(() => {
    execFileSync('docker', ['compose', '--profile', '*', 'down', '--volumes', '--timeout', '1'], {
      cwd: address.directory,
    })
    fs.rmSync(address.directory, { recursive: true })
  })
  const write = (text: string): ComposeAddress => {
    const directory = fs.mkdtempSync(path.join(address.directory, 'other-'))
    fs.writeFileSync(path.join(directory, 'compose.yaml'), text)
    return { directory, files: [], profiles: [] }
  }
  /** `down` leaves them, and nothing tells later whose they were. */
  const downWithVolumes = async (where: ComposeAddress, project: string) => {
    const containers = await dockerCli().listContainers({ 'com.docker.compose.project': project }, run)
    await compose.down(where, run)
    for (const { name: volume } of containers.flatMap(({ mounts }) => mounts))
      if (/^[0-9a-f]{64}$/.test(volume)) await dockerCli().removeVolume(volume, run)
  }
  const text = async (program: RunningProgram): Promise<string> => {
    const chunks: Buffer[] = []
    program.stdin.end()
    for await (const chunk of program.stdout) chunks.push(chunk as Buffer)
    await program.finished
    return Buffer.concat(chunks).toString()
  }

  it('resolves every service, in whatever profile, with its mounts and its real values', async () => {
    const model = await compose.resolve(address, run)
    expect(model.name).toBe(name)
    expect(model.services.map(service => service.name).sort()).toEqual(['db', 'made', 'migrate', 'tool'])
    const [db, tool, made] = ['db', 'tool', 'made'].map(key => model.services.find(service => service.name === key)!)
    expect(db).toMatchObject({
      image: 'postgres:17',
      builds: false,
      environment: { POSTGRES_PASSWORD: 'se$cret', FROM_ENV: 'fr$om' },
      labels: { 'aidatavault.note': '1' },
      hasHealthcheck: true,
      replicas: 1,
    })
    expect(db!.environment).not.toHaveProperty('UNSET')
    expect(db!.mounts).toEqual([
      { type: 'volume', source: 'data', target: '/var/lib/data', readOnly: false },
      { type: 'bind', source: path.join(address.directory, 'conf'), target: '/conf', readOnly: true },
      { type: 'volume', source: '', target: '/anon', readOnly: false },
      { type: 'tmpfs', source: '', target: '/scratch', readOnly: false },
    ])
    expect(tool).toMatchObject({ profiles: ['tools'], replicas: 2, hasHealthcheck: false })
    expect(made!.publishedPorts).toEqual([
      { hostIp: '127.0.0.1', port: 18081, protocol: 'tcp' },
      { hostIp: '', port: 9000, protocol: 'udp' },
      { hostIp: '', port: 9001, protocol: 'udp' },
    ])
    expect(made).toMatchObject({ builds: true, image: `${name}-made` })
    expect(model.volumes).toContainEqual(
      expect.objectContaining({ key: 'data', name: `${name}_data`, external: false, labels: { keep: 'yes' } }),
    )
    expect(model.secretFiles).toEqual([path.join(address.directory, 'key.txt')])
  })

  it('finds the project from a folder inside it, and knows which services are active', async () => {
    const inside = { ...address, directory: path.join(address.directory, 'sub') }
    expect((await compose.resolve(inside, run)).name).toBe(name)
    expect([...(await compose.activeServices(address, run))].sort()).toEqual(['db', 'migrate'])
    const tools = await compose.activeServices({ ...address, profiles: ['tools'] }, run)
    expect([...tools].sort()).toEqual(['db', 'migrate', 'tool'])
  })

  it('brings services up and waits, also where one ends well', async () => {
    await compose.up(address, { services: [] }, run)
    const containers = await dockerCli().listContainers({ 'com.docker.compose.project': name }, run)
    const states = containers.map(({ labels, running, health }) => [
      labels['com.docker.compose.service'],
      running,
      health,
    ])
    expect(states.sort()).toEqual([
      ['db', true, 'healthy'],
      ['migrate', false, 'none'],
    ])
  }, 120_000)

  it('runs a program in a service, with values that are in no process list', async () => {
    const env = { TOKEN: 'a b"\n$x' }
    const program = compose.exec(address, 'db', ['sh', '-c', 'printf %s "$TOKEN"; cat /proc/*/cmdline'], { env }, run)
    const printed = await text(program)
    expect(printed.startsWith(env.TOKEN)).toBe(true)
    expect(printed.split(env.TOKEN)).toHaveLength(2)
  })

  it('hands input and output through unchanged, and tells the exit code', async () => {
    const program = compose.exec(address, 'db', ['cat'], { user: '999' }, run)
    const bytes = randomBytes(3_000_000)
    program.stdin.end(bytes)
    const chunks: Buffer[] = []
    for await (const chunk of program.stdout) chunks.push(chunk as Buffer)
    await program.finished
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
    const failing = compose.exec(
      address,
      'db',
      ['sh', '-c', 'echo "no $P" >&2; exit 4'],
      { env: { P: 'secret1' } },
      run,
    )
    await expect(failing.finished).rejects.toMatchObject({ code: 'tool-failed', exitCode: 4, stderr: 'no ***\n' })
  })

  it('ends a stopped program inside the container too, and no other', async () => {
    const controller = new AbortController()
    const long = ['sh', '-c', 'echo ready; exec sleep 777']
    const stopped = compose.exec(address, 'db', long, {}, quietRun(controller.signal))
    const other = compose.exec(address, 'db', ['sh', '-c', 'echo ready; exec sleep 888'], {}, run)
    for (const program of [stopped, other]) await new Promise(resolve => program.stdout.once('data', resolve))
    controller.abort()
    await expect(stopped.finished).rejects.toMatchObject({ code: 'interrupted' })
    const top = () => execFileSync('docker', ['top', `${name}-db-1`, '-o', 'pid,args'], { encoding: 'utf8' })
    while (top().includes('sleep 777')) await new Promise(resolve => setTimeout(resolve, 50))
    expect(top()).toContain('sleep 888')
    await other.stop()
    while (top().includes('sleep 888')) await new Promise(resolve => setTimeout(resolve, 50))
  })

  it('starts a changed model that is in no file', async () => {
    const { raw } = await compose.resolve(address, run)
    const services = raw['services'] as Record<string, Record<string, unknown>>
    const model = { ...raw, services: { ...services, db: { ...services['db'], environment: { ONLY: 'x$$y' } } } }
    await compose.up({ ...address, projectName: name }, { services: ['db'], model, noDependencies: true }, run)
    expect(await text(compose.exec(address, 'db', ['sh', '-c', 'echo $ONLY'], {}, run))).toBe('x$y\n')
  })

  it('starts, logs, stops and takes down services of any profile', async () => {
    await compose.up({ ...address, profiles: ['tools'] }, { services: ['tool'], noDependencies: true }, run)
    const list = () => dockerCli().listContainers({ 'com.docker.compose.project': name }, run)
    await compose.stop(address, ['tool'], run)
    const tools = (await list()).filter(found => found.labels['com.docker.compose.service'] === 'tool')
    expect(tools.map(found => found.running)).toEqual([false, false])
    expect(await compose.logs(address, 'migrate', 10, run)).toBe('')
    await downWithVolumes(address, name)
    expect(await list()).toEqual([])
    expect(await dockerCli().inspectVolume(`${name}_data`, run)).toBeDefined()
  }, 120_000)

  it('fails when a service does not come up', async () => {
    const broken = write('services: { bad: { image: "postgres:17", entrypoint: ["false"] } }')
    await expect(compose.up(broken, { services: [] }, run)).rejects.toMatchObject({ code: 'tool-failed' })
    await downWithVolumes(broken, path.basename(broken.directory).toLowerCase())
  })

  it('tells a missing project from a wrong one, in Compose’s own words and without secrets', async () => {
    const empty = fs.mkdtempSync(path.join(tmpdir(), 'no-compose-'))
    const missing = compose.resolve({ directory: empty, files: [], profiles: [] }, run)
    await expect(missing).rejects.toMatchObject({ code: 'project-not-found', hint: expect.stringContaining('--file') })
    const wrongFile = compose.resolve({ directory: empty, files: [path.join(empty, 'x.yml')], profiles: [] }, run)
    await expect(wrongFile).rejects.toMatchObject({
      code: 'project-not-found',
      message: expect.stringContaining('x.yml'),
    })
    fs.rmdirSync(empty)

    await expect(compose.resolve(write('services: { a: { imag: x } }'), run)).rejects.toMatchObject({
      code: 'project-invalid',
      message: expect.stringMatching(/imag/),
    })
    const quoted = write('services: { a: { image: x } }')
    fs.writeFileSync(path.join(quoted.directory, '.env'), 'PASS WORD=hunter2secret\n')
    const error = await compose.resolve(quoted, run).catch((reason: Error) => reason)
    expect(error).toMatchObject({ code: 'project-invalid' })
    expect(String((error as Error).message)).not.toContain('hunter2secret')
  })
})
