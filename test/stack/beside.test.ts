import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { Sandbox } from './sandbox.ts'
import {
  containerOf,
  countNotes,
  destroyProject,
  fillDatabase,
  idleService,
  inService,
  postgresService,
  serverOf,
  writeFiles,
} from './small-project.ts'

// A database seldom shares its place with other data. Where it does, that data comes back, or the point says that it is not whole.
describe.skipIf(skipsStack).each([{ asUser: false }, { asUser: true }])('beside a database (%o)', options => {
  let sandbox: Sandbox
  beforeEach(async () => void (sandbox = await Sandbox.make('beside', options)))
  afterEach(() => sandbox.end(), 120_000)

  const composeFile = (place: string, volumes: string) => `services:
  db:${postgresService('unused')
    .replace('unused:/var/lib/postgresql/data', `${place}:/all`)
    .replace('POSTGRES_PASSWORD', 'PGDATA: /all/pg\n      POSTGRES_PASSWORD')}
    tmpfs: /var/lib/postgresql/data
  app:${idleService}
    volumes: ['${place}:/site']
${volumes}`

  const start = async (place: string, volumes: string) => {
    await writeFiles(sandbox.project, { 'compose.yaml': composeFile(place, volumes) })
    await sandbox.giveToUser(sandbox.folder)
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await sandbox.succeeds(['init', sandbox.vault])
  }
  const state = async (): Promise<string> =>
    JSON.parse((await sandbox.succeeds(['--json', 'backup'])).stdout.split('\n').findLast(Boolean)!).state

  it('in its volume: the point is complete while there is nothing, and says what it lacks when there is', async () => {
    await start('all', 'volumes: { all: }')
    expect(await state()).toBe('complete')
    await inService(containerOf(sandbox, 'app'), 'mkdir /site/uploads; echo photo >/site/uploads/photo')
    const { stderr, stdout } = await sandbox.succeeds(['backup'])
    expect(stdout).toContain('(incomplete)')
    expect(stderr).toMatch(/volume all beside the databases.*\/all\/uploads/)
    await inService(containerOf(sandbox, 'app'), 'rm -r /site/uploads; echo photo >/site/pg/photo')
    expect((await sandbox.succeeds(['backup'])).stderr).toMatch(/volume all beside the databases.*\/all\/pg\/photo/)
  }, 240_000)

  const asRootOnly = options.asUser ? () => undefined : it
  asRootOnly(
    'in its mounted folder: it comes back',
    async () => {
      await start('./all', '')
      await inService(containerOf(sandbox, 'app'), 'mkdir /site/uploads; echo photo >/site/uploads/photo')
      expect(await state()).toBe('complete')
      await destroyProject(sandbox)
      await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
      expect(await fs.readFile(sandbox.at(sandbox.name, 'all/uploads/photo'), 'utf8')).toBe('photo\n')
      expect(await countNotes(serverOf(sandbox), 'kept')).toBe('1000')
    },
    240_000,
  )
})
