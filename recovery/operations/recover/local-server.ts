import path from 'node:path'
import type { DatabaseServer } from '../../../contract/manifest.ts'
import type { Check } from '../../domain/check.ts'
import { postgresByUrl } from '../../drivers/postgres/by-url.ts'
import { startServer } from '../../drivers/postgres/embedded.ts'
import { restorePhysical, verifyServer } from '../../sources/database/index.ts'
import { startOverPath } from './bring-back.ts'
import { once, type Workshop } from './workshop.ts'

/**
 * A server outside of Compose that was captured physically: its data directory is laid again in the project, and the
 * server started once to prove that every row is there. It is left stopped: how it runs is the project's business.
 */
export async function bringLocalServer(shop: Workshop, facts: DatabaseServer): Promise<void> {
  const place = shop.plan.serverVolumes.find(({ server }) => server === facts.name)
  const dataDirectory = path.resolve(shop.plan.target.directory, place?.name ?? facts.server.dataDirectory)
  await once(shop, `databases of ${facts.name}`, async () => {
    await startOverPath(shop, 'folder', dataDirectory)
    await restorePhysical(facts, shop.reader(`databases of ${facts.name}`), dataDirectory, shop.run)
    return proveRows(shop, facts, dataDirectory)
  })
}

async function proveRows(shop: Workshop, facts: DatabaseServer, dataDirectory: string): Promise<readonly Check[]> {
  const server = await startServer({ dataDirectory, user: facts.user }, shop.run)
  try {
    const access = postgresByUrl({ url: server.url, name: facts.name })
    return await verifyServer(facts, access, [], shop.run).finally(() => access.close())
  } finally {
    await server.stop()
  }
}
