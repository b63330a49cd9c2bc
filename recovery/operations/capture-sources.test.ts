import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PointWriter } from '../domain/point-content.ts'
import { composeCli, dockerCli } from '../drivers/docker/index.ts'
import { findPrograms } from '../drivers/postgres/find-programs.ts'
import type { Project } from '../project/project.ts'
import { throwawayServer, type ThrowawayServer } from '../sources/database/testing/throwaway-server.ts'
import { capturedPoint } from '../sources/testing/test-point.ts'
import { quietRun, testBind, testProject } from '../sources/testing/test-project.ts'
import { planBackup } from './backup-plan.ts'
import { captureSources } from './capture-sources.ts'

const run = quietRun()
const newest = (await findPrograms(['postgres', 'initdb', 'pg_dump', 'pg_dumpall', 'psql'], run)).at(-1)
const tools = { engine: dockerCli(), compose: composeCli() }
const earlier = { newest: undefined, holding: () => undefined }
const isDump = (place: string) => place.endsWith('.dump')

// A machine with PostgreSQL on it, server and clients.
describe.skipIf(!newest)('what is captured', () => {
  let server: ThrowawayServer
  let root: string
  let project: Project
  const capture = (watch: (writer: PointWriter) => PointWriter) =>
    capturedPoint(writer =>
      captureSources({ project, plan: planBackup(project), earlier, writer: watch(writer), tools }, run),
    )
  beforeAll(async () => {
    root = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'capture-')))
    await fs.mkdir(path.join(root, 'uploads'))
    await fs.writeFile(path.join(root, 'uploads', 'photo'), 'photo')
    server = await throwawayServer(run, { major: newest?.major ?? 0 })
    const execute = (sql: string) => server.access.execute('postgres', sql, { oneTransaction: false }, run)
    await execute('CREATE TABLE photo (name text); INSERT INTO photo VALUES (1), (2)')
    project = testProject(root, {
      servers: [
        {
          ...{ name: 'db', access: 'url', url: server.url, method: 'logical', running: true, storedOn: null },
          foundBy: 'aidatavault.yml',
          environment: { user: 'boss', password: undefined, database: 'postgres' },
        },
      ],
      volumes: [testBind(path.join(root, 'uploads'))],
    })
  }, 120_000)
  afterAll(async () => {
    await server?.end()
    await fs.rm(root, { recursive: true })
  })

  it('of files is read while the dumps stream, and never before the moment of every database is fixed', async () => {
    const filesRead = Promise.withResolvers<void>()
    const watch = (writer: PointWriter): PointWriter => ({
      ...writer,
      save: async part => {
        if (isDump(part.path)) await filesRead.promise
        else if (!part.path.startsWith('databases/')) {
          // What is written from now on is newer than the databases, and so are files that it points at.
          await server.access.execute('postgres', 'INSERT INTO photo VALUES (3)', { oneTransaction: false }, run)
          if (part.path.startsWith('volumes/')) filesRead.resolve()
        }
        return writer.save(part)
      },
    })
    const { facts } = await capture(watch)
    const [database] = facts.servers[0]!.databases.filter(({ name }) => name === 'postgres')
    expect(database?.tables).toMatchObject([{ name: 'photo', rows: 2 }])
    expect(facts.volumes).toMatchObject([{ key: 'uploads', files: 1 }])
    expect(facts.code).toMatchObject({ kind: 'folder' })
  }, 120_000)

  it('is nothing where one part fails: the dumps are stopped, and leave no session', async () => {
    const dumping = Promise.withResolvers<void>()
    const watch = (writer: PointWriter): PointWriter => ({
      ...writer,
      save: async part => {
        if (isDump(part.path)) dumping.resolve()
        else if (part.path.startsWith('volumes/')) {
          await dumping.promise
          throw new Error('no such disk')
        }
        return writer.save(part)
      },
    })
    await expect(capture(watch)).rejects.toThrow('no such disk')
    const sessions = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
    await expect
      .poll(() => server.access.query('postgres', sessions, run), { timeout: 20_000 })
      .toMatchObject([{ n: '0' }])
  }, 120_000)
})
