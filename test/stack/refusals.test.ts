import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../contract/exit-codes.ts'
import { skipsStack } from './engine.ts'
import { must, run, type Ended } from './run.ts'
import { Sandbox } from './sandbox.ts'
import {
  commitFiles,
  destroyProject,
  fillDatabase,
  idleService,
  postgresService,
  serverOf,
  writeFiles,
} from './small-project.ts'

/** Holds a port of this machine, and tells which. */
async function takePort(): Promise<{ port: number; free: () => Promise<unknown> }> {
  const server = net.createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, free: () => new Promise(done => server.close(done)) }
}

// What stands in the way is named with a way on, and nothing is touched: neither what is there, nor half of what is not.
describe.skipIf(skipsStack)('a recovery that must not go ahead', () => {
  let sandbox: Sandbox
  let taken: Awaited<ReturnType<typeof takePort>>
  const shared = `shared-${randomBytes(4).toString('hex')}`
  const [image, network] = [`${shared}-image:1`, `${shared}-network`]

  beforeAll(async () => {
    sandbox = await Sandbox.make('refusal')
    taken = await takePort()
    await taken.free()
    await must(['docker', 'tag', 'node:24-slim', image])
    await must(['docker', 'network', 'create', network])
    const composeFile = `services:
  db:${postgresService('data')}
  app:${idleService.replace('node:24-slim', image)}
    container_name: ${sandbox.name}-the-app
    ports: ['127.0.0.1:${taken.port}:80']
    volumes: ['uploads:/uploads']
    networks: [default, shared]
networks:
  shared:
    external: true
    name: ${network}
volumes:
  data:
  uploads:
`
    await writeFiles(sandbox.project, { 'docker-compose.yml': composeFile })
    await commitFiles(sandbox)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await sandbox.succeeds(['init', sandbox.vault])
    await sandbox.succeeds(['backup'])
  }, 240_000)

  afterAll(async () => {
    await sandbox.end()
    await run(['docker', 'rmi', '--force', image])
    await run(['docker', 'network', 'rm', network])
  }, 120_000)

  const recover = (folder = sandbox.project, ...args: string[]) =>
    sandbox.aidatavault(['recover', sandbox.vault, folder, ...args], { cwd: sandbox.folder })

  function expectRefusal(ended: Ended, code: keyof typeof exitCodes, ...words: string[]): void {
    expect(ended.code, ended.stderr).toBe(exitCodes[code])
    for (const word of ['error:', 'hint:', ...words]) expect(ended.stderr).toContain(word)
  }

  it('a backup while PostgreSQL is stopped: says how to start it, and takes no point', async () => {
    await sandbox.compose('stop', '--timeout', '5', 'db')
    const backup = await sandbox.aidatavault(['backup'])
    expectRefusal(
      backup,
      'database-unreachable',
      'PostgreSQL db is not running',
      'docker compose up --detach --wait db',
    )
    expect(await fs.readdir(sandbox.at('vault/snapshots'))).toHaveLength(1)
    await sandbox.compose('up', '--detach', '--wait')
  })

  it('where the project still runs: folder, containers and volumes stay as they are', async () => {
    const before = await machine(sandbox)
    expectRefusal(
      await recover(),
      'target-exists',
      sandbox.project,
      `docker compose -p ${sandbox.name} down`,
      '--project-name',
    )
    expect(await machine(sandbox)).toEqual(before)
  })

  it('where a volume is left: names it, and how to keep it', async () => {
    await destroyProject(sandbox)
    await must(['docker', 'volume', 'create', `${sandbox.name}_uploads`])
    expectRefusal(await recover(), 'target-exists', `${sandbox.name}_uploads`, '--project-name')
    await expectNothingMade()
    await must(['docker', 'volume', 'rm', `${sandbox.name}_uploads`])
  })

  it('where the volume of the database is left', async () => {
    await must(['docker', 'volume', 'create', `${sandbox.name}_data`])
    expectRefusal(await recover(), 'target-exists', `${sandbox.name}_data`)
    await expectNothingMade()
    await must(['docker', 'volume', 'rm', `${sandbox.name}_data`])
  })

  it("where a container that is none of the project's has the name of one", async () => {
    const name = `${sandbox.name}-the-app`
    await must(['docker', 'create', '--name', name, 'node:24-slim'])
    expectRefusal(await recover(), 'target-exists', name)
    await expectNothingMade()
    await must(['docker', 'rm', name])
  })

  it('where a port is in use', async () => {
    const server = net.createServer()
    await new Promise<void>(done => server.listen(taken.port, '127.0.0.1', done))
    expectRefusal(await recover(), 'preflight-failed', `port ${taken.port}`, '--no-start')
    await expectNothingMade()
    await new Promise(done => server.close(done))
  })

  it('where a network that the project shares with others is missing', async () => {
    await must(['docker', 'network', 'rm', network])
    expectRefusal(await recover(), 'preflight-failed', network, 'docker network create')
    await expectNothingMade()
    await must(['docker', 'network', 'create', network])
  })

  it('where an image can be had in no way: named before anything is made', async () => {
    await must(['docker', 'rmi', image])
    expectRefusal(await recover(), 'image-unavailable', image, 'docker load')
    await expectNothingMade()
    await must(['docker', 'tag', 'node:24-slim', image])
  })

  it('and with all of that out of the way, it goes ahead', async () => {
    const ended = await recover()
    expect(ended.code, ended.stderr).toBe(0)
  }, 120_000)

  async function expectNothingMade(): Promise<void> {
    expect(await fs.stat(sandbox.project).catch(() => undefined)).toBeUndefined()
    const { containers, networks } = await machine(sandbox)
    expect(containers.filter(line => !line.includes('the-app'))).toEqual([])
    expect(networks).toEqual([])
  }
})

/** What the engine has under the sandbox's name. */
async function machine({ name }: Sandbox): Promise<{ containers: string[]; volumes: string[]; networks: string[] }> {
  const list = async (...args: string[]) =>
    (await must(['docker', ...args])).stdout.split('\n').filter(line => line.includes(name))
  return {
    containers: await list('ps', '--all', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}'),
    volumes: await list('volume', 'ls', '--format', '{{.Name}}'),
    networks: await list('network', 'ls', '--format', '{{.Name}}'),
  }
}
