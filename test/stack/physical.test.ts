import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, serverState } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import {
  destroyProject,
  fillDatabase,
  idleService,
  inService,
  containerOf,
  nestedPostgresService,
  postgresService,
  serverOf,
  writeFiles,
} from './small-project.ts'

// As root the volumes' folders are reached directly; as a user everything goes through containers.
describe.skipIf(skipsStack).each([{ asUser: false }, { asUser: true }])('captured physically (%o)', options => {
  let sandbox: Sandbox
  let before: Record<string, string>
  const server = () => serverOf(sandbox)
  // A tablespace in a volume of its own, where its folder can be reached.
  const far = options.asUser ? '' : '      - far:/far\n'
  const service = (options.asUser ? nestedPostgresService : postgresService)('data')
  const place = options.asUser ? '/all/18/docker' : '/var/lib/postgresql/data'
  const composeFile = `services:
  db:${service.replace('    volumes:\n', `    volumes:\n${far}`)}
    labels: { aidatavault.method: physical }
  app:${idleService}
    depends_on: [db]
volumes:
  data:
  far:
`

  beforeAll(async () => {
    sandbox = await Sandbox.make('physical', options)
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile })
    await sandbox.giveToUser(sandbox.folder)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(server(), 'kept', 20_000)
    await ask(server(), 'postgres', `CREATE ROLE app LOGIN PASSWORD 'p'; CREATE DATABASE shop OWNER app`)
    if (!options.asUser) {
      await inService(containerOf(sandbox, 'db'), 'mkdir /far/space; chown postgres /far/space')
      await ask(server(), 'postgres', `CREATE TABLESPACE far LOCATION '/far/space'`)
      await ask(server(), 'postgres', `CREATE TABLE distant TABLESPACE far AS SELECT generate_series(1, 500) AS n`)
    }
    before = await serverState(server())
    await sandbox.succeeds(['init', sandbox.vault])
  }, 240_000)
  afterAll(() => sandbox?.end(), 120_000)

  const backup = async (...more: string[]) =>
    JSON.parse((await sandbox.succeeds(['--json', 'backup', ...more])).stdout.split('\n').findLast(Boolean)!)

  it('is whole, and the second time next to nothing', async () => {
    const first = await backup()
    expect(first.state).toBe('complete')
    const second = await backup()
    expect(second.summary.dataAdded).toBeLessThan(first.summary.dataAdded / 20)
  })

  it('comes back with everything that it had, in its own volume, on an empty machine', async () => {
    await destroyProject(sandbox)
    const { stderr } = await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
    expect(await serverState(server())).toEqual(before)
    const modes = `stat -c '%a %U' ${place}; find ${place} ! -user postgres`
    expect((await inService(containerOf(sandbox, 'db'), modes)).stdout).toBe('700 postgres\n')
    expect(stderr).not.toMatch(/warning/i)
  })
})
