import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { addXattrs, destroyEverything, makeEverything } from './everything/project.ts'
import { secretTexts } from './everything/secrets.ts'
import { everythingOf, loginOf, namesIn, type Everything } from './everything/state.ts'
import { changedAt } from './git-state.ts'
import { logsIn } from './database-state.ts'
import type { Ended } from './run.ts'
import { Sandbox } from './sandbox.ts'
import { leftContainers } from './small-project.ts'
import { canStepDown } from './test-user.ts'
import { diskUse, inWholeSeconds, mountpoint, xattrs } from './volume-state.ts'

const isRoot = process.getuid?.() === 0

/** The two ways to a volume's files: where they lie, and through the engine. */
const ways = [
  { way: 'volumes read where they lie', asUser: false, direct: isRoot, skip: skipsStack },
  { way: 'volumes read through docker cp', asUser: true, direct: false, skip: skipsStack || !canStepDown },
]

for (const { way, asUser, direct, skip } of ways)
  describe.skipIf(skip)(`a whole project, destroyed and recovered from its vault (${way})`, () => {
    let sandbox: Sandbox
    let before: Everything
    let after: Everything
    let attributes: string
    let recovery: Ended
    let dirtyFileTime: bigint

    beforeAll(async () => {
      sandbox = await Sandbox.make('everything', { asUser })
      await makeEverything(sandbox, { odd: direct })
      if (direct) await addXattrs(sandbox)
      await sandbox.succeeds(['init', sandbox.vault])
      await sandbox.succeeds(['backup'])
      before = await everythingOf(sandbox)
      dirtyFileTime = await changedAt(sandbox, 'changed.txt')
      if (direct) attributes = await xattrs(await mountpoint(`${sandbox.name}_uploads`))
      await destroyEverything(sandbox)
      recovery = await sandbox.succeeds(['recover', sandbox.vault, sandbox.project])
      after = await everythingOf(sandbox)
    }, 600_000)

    afterAll(() => sandbox.end(), 120_000)

    it('says what it recovered, what it checked and how long each step took', () => {
      expect(recovery.stdout).toMatch(/code +\d/)
      expect(recovery.stdout).toMatch(/databases of db +\d/)
      expect(recovery.stdout).toMatch(/\d+ checks passed/)
      expect(recovery.stdout).toContain(`${sandbox.name} is back in ${sandbox.project}`)
    })

    it('brings git back in the middle of work: branches, stashes, index, changes, untracked files', () => {
      expect(after.git).toEqual(before.git)
    })

    it('keeps the times of changed files', async () => {
      expect(await changedAt(sandbox, 'changed.txt')).toBe(dirtyFileTime)
    })

    it('brings the secrets back byte for byte, readable by their owner alone', async () => {
      expect(after.secrets).toEqual(before.secrets)
      expect((await fs.stat(sandbox.at(sandbox.name, 'server/.env'))).mode & 0o777).toBe(0o600)
      expect(after.environment).toEqual(before.environment)
    })

    it('brings every database back so that pg_dump says the same of it, and the roles', () => {
      expect(Object.keys(after.database)).toEqual(Object.keys(before.database))
      for (const [name, dump] of Object.entries(before.database)) expect(after.database[name], name).toBe(dump)
    })

    it('brings every file of the volumes back, with kind, owner, mode, time, links and content', () => {
      const told = direct ? (state: readonly string[]) => state : inWholeSeconds
      expect(told(after.uploads)).toEqual(told(before.uploads))
      expect(told(after.cache)).toEqual(told(before.cache))
    })

    it('brings a bind-mounted folder back that git ignores', () => {
      expect(after.reports).toEqual(before.reports)
    })

    // docker cp knows of neither.
    if (direct) {
      it('keeps holes as holes', async () => {
        const [sparse = Infinity, hole = Infinity] = await diskUse(`${sandbox.name}_uploads`, ['sparse', 'only a hole'])
        expect(sparse).toBeLessThan(8192)
        expect(hole).toBeLessThan(1024)
      })

      it('keeps extended attributes and capabilities', async () => {
        expect(await xattrs(await mountpoint(`${sandbox.name}_uploads`))).toBe(attributes)
      })
    }

    it('makes volumes that Compose takes for its own, and containers that it leaves running', async () => {
      expect(after.volumes).toEqual(before.volumes)
      const up = await sandbox.compose('up', '--detach', '--wait')
      expect(up.stderr).not.toMatch(/warn|not created by|Recreate|Starting|orphan/i)
    })

    it('lets the application in with its own password', async () => {
      const login = await loginOf(sandbox)
      expect(await logsIn(`${sandbox.name}_default`, 'postgres:17', login)).toBe('app_login')
      expect(after.application).toEqual(before.application)
    })

    it('leaves nothing of its own behind', async () => {
      expect(await namesIn(sandbox.project)).toEqual(before.names)
      expect(await leftContainers(sandbox)).toEqual([])
    })

    it('keeps a vault that restic finds whole, and people can read', async () => {
      await sandbox.restic('check', '--read-data')
      const tree = (await sandbox.restic('ls', 'latest')).stdout.split('\n')
      for (const name of readable) expect(tree).toContain(name)
    })

    it('never prints a secret', () => {
      const said = Buffer.concat(sandbox.said).toString('utf8')
      for (const secret of secretTexts) expect(said).not.toContain(secret)
    })
  })

const readable = [
  '/manifest.json',
  '/code/repository.bundle',
  '/code/worktree/changed.txt',
  '/compose/resolved.json',
  '/config/docker-compose.yml',
  '/config/server/.env',
  '/databases/db/app.dump',
  '/databases/db/globals.sql',
  '/volumes/uploads/photos/2023/a.jpg',
  '/volumes/uploads/Grüße 😀.txt',
]
