import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quietRun } from '../testing/test-project.ts'
import { tablesScript, type TablesScript } from './tables-script.ts'
import { throwawayServer, type ThrowawayServer } from './testing/throwaway-server.ts'

const run = quietRun()

describe('the script that brings tables back', () => {
  let server: ThrowawayServer
  beforeAll(async () => void (server = await throwawayServer(run)))
  afterAll(() => server?.end())

  it('lets nobody write to a table that it takes away, before the safety point is taken', async () => {
    const tell = (sql: string) => server.access.execute('postgres', sql, { oneTransaction: false }, run)
    await tell('CREATE TABLE "made again" (a int)')
    const none = { present: [], missing: [], views: [], keysToMake: [], keysToCheck: [], sequences: [] }
    const script: TablesScript = {
      ...{ beside: 'app_restore_0123abcd', id: '0123abcd', facts: undefined, ...none },
      surplus: [{ schema: 'public', name: 'made again' }],
      whenLocked: () => Promise.reject(new Error('the safety point')),
    }
    const work = { access: server.access, run, version: 0, homes: ['postgres', 'postgres'] as const }
    const pieces: string[] = []
    const read = async () => {
      for await (const piece of tablesScript(work, script)) pieces.push(Buffer.from(piece).toString())
    }
    await expect(read()).rejects.toThrow('the safety point')
    const isLocked = `EXISTS (SELECT FROM pg_locks WHERE relation = '"made again"'::regclass AND mode = 'ExclusiveLock')`
    await tell(`${pieces.join('')} DO $$ BEGIN ASSERT ${isLocked}; END $$; ROLLBACK;`)
  })
})
