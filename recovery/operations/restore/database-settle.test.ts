import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest'
import { composeCli, dockerCli } from '../../drivers/docker/index.ts'
import { RestoreJournal } from '../../journal/restore-journal.ts'
import type { ProjectServer } from '../../project/project.ts'
import { markStatement, type Exchange } from '../../sources/database/index.ts'
import { throwawayServer, type ThrowawayServer } from '../../sources/database/testing/throwaway-server.ts'
import { quietRun, testProject } from '../../sources/testing/test-project.ts'
import { settleDatabase } from './database-settle.ts'
import type { Restoration } from './restoration.ts'

const run = quietRun()
const tools = { engine: dockerCli(), compose: composeCli() }
const id = '0123abcd'

describe('a restore of a database that was cut off', () => {
  let server: ThrowawayServer
  let root: string
  beforeAll(async () => void (server = await throwawayServer(run)))
  afterAll(() => server?.end())
  beforeEach(async () => void (root = await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-test-'))))
  afterEach(() => fs.rm(root, { recursive: true }))

  const tell = (sql: string) => server.access.execute('postgres', sql, { oneTransaction: false }, run)
  const names = async (): Promise<string[]> => {
    const rows = await server.access.query('postgres', 'SELECT datname AS name FROM pg_database ORDER BY 1', run)
    return rows.map(({ name }) => name ?? '').filter(name => name.startsWith('app'))
  }
  const restoration = (): Restoration => {
    const found: ProjectServer = {
      ...{ name: 'db', access: 'url', method: 'logical', running: true, foundBy: 'aidatavault.yml', storedOn: null },
      ...{ environment: { user: 'boss', password: undefined, database: 'postgres' }, url: server.url },
    }
    return { project: testProject(root, { servers: [found] }), tools, run, vault: {} as Restoration['vault'] }
  }
  const cutOffAt = async (step: string, detail: Readonly<Record<string, unknown>>): Promise<void> => {
    const began = { id, kind: 'database', what: 'database db/app', vault: null, point: null } as const
    const journal = await RestoreJournal.begin(root, { ...began, startedAt: '2026-03-01T14:30:00.000Z', detail })
    await journal.begins(step)
  }
  /** What the command finds on disk that comes next. */
  const settle = async () => settleDatabase((await RestoreJournal.list(root))[0]!, restoration())

  it('had succeeded, of tables, also when the command that found so was killed, too', async () => {
    const beside = `app_restore_${id}`
    await tell(`CREATE DATABASE ${beside}; ${markStatement(beside, id, 'beside')}; ${markStatement(beside, id)};`)
    const tables = { server: 'db', database: 'app', beside, present: [{ schema: 'public', name: 'note' }], missing: [] }
    await cutOffAt('exchange rows', { tables })
    // The first one is killed before it has written down what it found.
    expect(await settle()).toBe('done')
    expect(await names()).toEqual([])
    expect(await settle()).toBe('done')
  })

  it('is taken back where somebody took the name of a database that was not there', async () => {
    const incoming = `app_restore_${id}`
    await tell(`CREATE DATABASE ${incoming}; ${markStatement(incoming, id, 'beside')}; CREATE DATABASE app;`)
    const exchange: Exchange = {
      ...{ name: 'app', incoming, old: null, made: true, keptBy: null },
      ...{ connectionLimit: -1, isTemplate: false, before: null },
    }
    await cutOffAt('exchange', { database: { server: 'db', exchanges: [exchange], stops: [], logins: [] } })
    expect(await settle()).toBe('rolled-back')
    expect(await names()).toEqual(['app'])
  })
})
