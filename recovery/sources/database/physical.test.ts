import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { ProjectServer } from '../../project/project.ts'
import { capturedPoint } from '../testing/test-point.ts'
import { quietRun } from '../testing/test-project.ts'
import { captureServer, restorePhysical, verifyServer } from './index.ts'
import { buildScene } from './testing/scene.ts'
import { throwawayFolder, throwawayServer, type ThrowawayServer } from './testing/throwaway-server.ts'
import { postgresByUrl } from '../../drivers/postgres/by-url.ts'
import { startServer } from '../../drivers/postgres/embedded.ts'

const run = quietRun()
let server: ThrowawayServer
let facts: DatabaseServer
let reader: PointReader
let folder: string

const projectServer = (): ProjectServer => ({
  name: 'db',
  access: 'url',
  method: 'physical',
  running: true,
  foundBy: 'aidatavault.yml',
  storedOn: null,
  environment: { user: 'boss', password: undefined, database: 'postgres' },
  url: server.url,
  dataDirectory: server.dataDirectory,
})

beforeAll(async () => {
  folder = await throwawayFolder()
  server = await throwawayServer(run)
  await buildScene(server.access, run)
  ;({ facts, reader } = await capturedPoint(writer => captureServer(projectServer(), server.access, [], writer, run)))
})

afterAll(async () => {
  await server?.end()
  await rm(folder, { recursive: true, force: true })
})

describe('a server captured physically', () => {
  it('x', async () => {
    console.log(JSON.stringify(facts, null, 1).slice(0, 3000))
    const target = path.join(folder, 'restored')
    await restorePhysical(facts, reader, target, run)
    const copy = await startServer({ dataDirectory: target, user: 'boss' }, run)
    const checks = await verifyServer(facts, postgresByUrl({ url: copy.url }), [], run)
    await copy.stop()
    console.log(
      checks.filter(c => !c.ok),
      checks.length,
    )
    expect(checks.filter(c => !c.ok)).toEqual([])
  })
})
