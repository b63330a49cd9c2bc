import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from './database-state.ts'
import { skipsStack } from './engine.ts'
import { killAtStep } from './kill-at-step.ts'
import { must } from './run.ts'
import { Sandbox } from './sandbox.ts'
import {
  countNotes,
  nestedPostgresService,
  fillDatabase,
  idleService,
  postgresService,
  serverOf,
  writeFiles,
} from './small-project.ts'

const composeFile = (password: string, service: string) => `services:
  db:${service.replace('pa$$word', password)}
  app:${idleService}
    depends_on: [db]
    environment:
      DATABASE_URL: postgresql://postgres:${password}@db/postgres
volumes:
  data:
`

// As root the volumes' folders are reached directly; as a user everything goes through containers.
describe.skipIf(skipsStack).each([{ asUser: false }, { asUser: true }])(
  'a server restored physically (%o)',
  options => {
    let sandbox: Sandbox
    const server = () => serverOf(sandbox)
    const service = (options.asUser ? postgresService : nestedPostgresService)('data')
    const restore = ['restore', 'database', 'db', '--physical', '--yes']

    beforeAll(async () => {
      sandbox = await Sandbox.make('physical', options)
      await writeFiles(sandbox.project, { 'compose.yaml': composeFile('one', service) })
      await fs.mkdir(sandbox.at(sandbox.name, '.aidatavault/restores'), { recursive: true })
      await sandbox.giveToUser(sandbox.folder)
      await sandbox.compose('up', '--detach', '--wait')
      await fillDatabase(server(), 'kept')
      await sandbox.succeeds(['init', sandbox.vault])
      await sandbox.succeeds(['backup', '--physical', 'db'])
      await later()
    }, 120_000)
    afterAll(() => sandbox?.end(), 120_000)

    /** Something that the point does not have. */
    const later = () => ask(server(), 'postgres', `INSERT INTO notes (text) VALUES ('later one'), ('later two')`)
    const counts = async () => [await countNotes(server(), 'kept'), await countNotes(server(), 'later')]
    const running = async () =>
      (await sandbox.compose('ps', '--services', '--status', 'running')).stdout.trim().split('\n')
    const volumes = async () =>
      (await must(['docker', 'volume', 'ls', '--format', '{{.Name}}'])).stdout
        .split('\n')
        .filter(name => name.startsWith(sandbox.name))
    const containers = async () =>
      (await must(['docker', 'ps', '--all', '--format', '{{.Names}}'])).stdout
        .split('\n')
        .filter(name => name.startsWith(sandbox.name))
        .toSorted()

    it('tells what would change, and changes nothing', async () => {
      const { stdout } = await sandbox.succeeds([...restore, '--plan'])
      expect(stdout).toContain('public.notes: 1002 rows now, 1000 rows in the point')
      expect(stdout).toMatch(/stop +app, db/)
      expect(await counts()).toEqual(['1000', '2'])
    })

    it('killed at any step, is the old or the new one after the next command, with everything running', async () => {
      // Both ways take the same steps, but for the exchange itself.
      const steps = options.asUser ? ['exchange'] : ['recover alone', 'stop', 'exchanged']
      for (const step of steps) {
        expect((await killAtStep(sandbox, [...restore, '--no-safety-point'], step)).at(-1)).toBe(step)
        const { stderr } = await sandbox.succeeds(['backup', '--only', 'config'])
        expect(stderr).toContain(`was interrupted (at: ${step})`)
        expect((await running()).toSorted()).toEqual(['app', 'db'])
        await sandbox.compose('up', '--detach', '--wait')
        const [kept, since] = await counts()
        expect([kept, since]).toEqual(['1000', step === 'exchanged' ? '0' : since])
        if (since === '0') await sandbox.succeeds(['undo', '--yes'])
        else expect(await volumes()).toEqual([`${sandbox.name}_data`])
        expect(await containers()).toEqual([`${sandbox.name}-app-1`, `${sandbox.name}-db-1`])
      }
    }, 240_000)

    const asRootOnly = options.asUser ? () => undefined : it
    asRootOnly(
      'comes back whole, keeps what was there, and undo takes that back',
      async () => {
        const { stdout } = await sandbox.succeeds(restore)
        expect(stdout).toMatch(/data directory of db is back.*checks passed/)
        expect(await counts()).toEqual(['1000', '0'])
        expect((await running()).toSorted()).toEqual(['app', 'db'])
        expect(await fs.readdir(sandbox.at(sandbox.name, '.aidatavault'))).not.toContain('alone')
        await sandbox.succeeds(['undo', '--yes'])
        expect(await counts()).toEqual(['1000', '2'])
      },
      120_000,
    )

    const asUserOnly = options.asUser ? it : () => undefined
    asUserOnly(
      'with another password than the project has, is taken back; or gets it, where that is wanted',
      async () => {
        await writeFiles(sandbox.project, { 'compose.yaml': composeFile('two', service) })
        await ask(server(), 'postgres', `ALTER ROLE postgres PASSWORD 'two'`)
        await sandbox.compose('up', '--detach', '--wait')
        const refused = await sandbox.aidatavault([...restore, '--no-safety-point'])
        expect(refused.code).toBe(44)
        expect(refused.stderr).toMatch(/refuses postgres in postgres.*\n.*--reconcile-passwords/)
        expect(await counts()).toEqual(['1000', '2'])
        expect((await running()).toSorted()).toEqual(['app', 'db'])
        await sandbox.succeeds([...restore, '--no-safety-point', '--reconcile-passwords'])
        expect(await counts()).toEqual(['1000', '0'])
        for (const said of sandbox.said) expect(said.toString()).not.toMatch(/PASSWORD 'two'/)
      },
      120_000,
    )
  },
)
