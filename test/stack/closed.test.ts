import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { skipsStack } from './engine.ts'
import { ask } from './database-state.ts'
import { Sandbox } from './sandbox.ts'
import { fillDatabase, serverOf, smallComposeFile, writeFiles } from './small-project.ts'

describe.skipIf(skipsStack)('a database that lets nobody in', () => {
  let sandbox: Sandbox
  beforeEach(async () => void (sandbox = await Sandbox.make('closed')))
  afterEach(() => sandbox.end(), 120_000)

  it('makes the point incomplete, and is named there, until it lets a backup in', async () => {
    await writeFiles(sandbox.project, { 'docker-compose.yml': smallComposeFile })
    await sandbox.compose('up', '--detach', '--wait')
    await fillDatabase(serverOf(sandbox), 'kept')
    await ask(serverOf(sandbox), 'postgres', 'CREATE DATABASE vip ALLOW_CONNECTIONS false')
    await sandbox.succeeds(['init', sandbox.vault])
    const backup = await sandbox.succeeds(['backup'])
    expect(backup.stdout).toContain('(incomplete)')
    expect(backup.stderr).toMatch(/warning: not in this point.*database db\/vip \(it does not allow connections/)
    const { stdout } = await sandbox.restic('dump', 'latest', '/manifest.json')
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'incomplete',
      leftOut: [{ what: 'database db/vip', why: expect.stringContaining('ALLOW_CONNECTIONS') as string }],
      servers: [{ closed: [{ name: 'vip', why: 'it does not allow connections' }] }],
    })
    await ask(serverOf(sandbox), 'postgres', 'ALTER DATABASE vip ALLOW_CONNECTIONS true')
    expect((await sandbox.succeeds(['backup'])).stdout).toContain('(complete)')
  }, 180_000)
})
