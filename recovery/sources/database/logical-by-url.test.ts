import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPrograms } from '../../drivers/postgres/find-programs.ts'
import type { ProjectServer } from '../../project/project.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun } from '../testing/test-project.ts'
import { captureServer, restoreServer, verifyServer } from './index.ts'
import { buildScene, rolePassword } from './testing/scene.ts'
import { throwawayServer, type ThrowawayServer } from './testing/throwaway-server.ts'

const run = quietRun()
const wanted = ['postgres', 'initdb', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql'] as const
const newest = (await findPrograms([...wanted], run)).at(-1)

const projectServer: ProjectServer = {
  ...{ name: 'db', access: 'url', method: 'logical', running: true, foundBy: 'aidatavault.yml', storedOn: null },
  environment: { user: 'boss', password: undefined, database: 'postgres' },
}

// A machine with PostgreSQL on it, server and clients.
describe.skipIf(!newest)('a server by URL', () => {
  let original: ThrowawayServer
  let target: ThrowawayServer
  beforeAll(async () => {
    const major = newest?.major ?? 0
    original = await throwawayServer(run, { major })
    target = await throwawayServer(run, { major, listen: 'private' })
  })
  afterAll(async () => {
    await original?.end()
    await target?.end()
  })

  it('comes back from dumps by the client programs of this machine', async () => {
    await buildScene(original.access, run)
    const logins = [
      { server: 'db', user: 'app', password: rolePassword, database: 'shop', from: 'server/.env APP_URL' },
    ]
    const { facts, reader } = await capturedPoint(writer =>
      captureServer(projectServer, original.access, logins, writer, run),
    )
    expect(facts.logins).toMatchObject([{ worked: true }])
    await restoreServer(facts, target.access, reader, { emptyServer: true }, run)
    const checks = await verifyServer(facts, target.access, logins, run)
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(checks.length).toBeGreaterThan(90)
  }, 120_000)
})

describe('a server by URL without client programs', () => {
  it('is not captured logically, and says what to do', async () => {
    const server = await throwawayServer(run)
    try {
      const access = { ...server.access, features: () => Promise.resolve({ clientPrograms: false, baseBackup: true }) }
      const capture = capturedPoint(writer => captureServer(projectServer, access, [], writer, run))
      await expect(capture).rejects.toMatchObject({
        code: 'tool-missing',
        hint: expect.stringContaining('method: physical') as string,
      })
    } finally {
      await server.end()
    }
  })
})
