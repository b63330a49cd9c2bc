import { chown, mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverUser } from '../../drivers/postgres/embedded/system-user.ts'
import { quietRun, warningsOf } from '../testing/test-project.ts'
import { restorePhysical } from './index.ts'
import { otherMajors, skipsMajors, useOtherServers } from './testing/other-servers.ts'
import { capturedPhysically, failedOnCopy, onCopy } from './testing/physical-copy.ts'
import { buildScene } from './testing/scene.ts'
import { throwawayFolder, throwawayServer, type ThrowawayServer } from './testing/throwaway-server.ts'

const run = quietRun()

// 17 is what physical.test.ts runs on.
describe.skipIf(skipsMajors).each(otherMajors)('PostgreSQL %i captured physically', major => {
  let folder: string
  let server: ThrowawayServer
  beforeAll(async () => {
    useOtherServers()
    folder = await throwawayFolder()
    server = await throwawayServer(run, { major })
  })
  afterAll(async () => {
    await server?.end()
    await rm(folder, { recursive: true, force: true })
  })
  const tell = (sql: string) => server.access.execute('postgres', sql, { oneTransaction: false }, run)

  it('starts again from its files with every row, role, setting and tablespace', async () => {
    await buildScene(server.access, run)
    const space = path.join(folder, 'space')
    await mkdir(space)
    const owner = await serverUser(server.dataDirectory)
    if (owner) await chown(space, owner.uid, owner.gid)
    await tell(`CREATE TABLESPACE far LOCATION '${space}'`)
    await tell('CREATE TABLE far_away TABLESPACE far AS SELECT n FROM generate_series(1, 1000) AS n')
    const watched = quietRun()
    const { facts, reader } = await capturedPhysically(server.access, watched)
    expect(Math.floor(facts.server.version / 10_000)).toBe(major)
    expect(facts.physical).toMatchObject({ timeline: 1, corrupt: [] })
    expect(warningsOf(watched)).toEqual([])
    const target = path.join(folder, 'restored')
    await restorePhysical(facts, reader, target, run, { tablespacesUnder: path.join(folder, 'spaces') })
    expect(await readFile(path.join(target, 'PG_VERSION'), 'utf8')).toBe(`${major}\n`)
    expect(await failedOnCopy(facts, target, run)).toEqual([])
    const [row] = await onCopy(target, run, access =>
      access.query('postgres', 'SELECT count(*) AS rows FROM public.far_away', run),
    )
    expect(row).toEqual({ rows: '1000' })
  })
})
