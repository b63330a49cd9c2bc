import type { DatabaseServer } from '../../../../contract/manifest.ts'
import type { Check } from '../../../domain/check.ts'
import type { Run } from '../../../domain/run.ts'
import { postgresByUrl } from '../../../drivers/postgres/by-url.ts'
import { startServer } from '../../../drivers/postgres/embedded.ts'
import type { PostgresAccess } from '../../../drivers/postgres/postgres-access.ts'
import type { ProjectServer } from '../../../project/project.ts'
import { capturedPoint } from '../../testing/test-point.ts'
import { captureServer, verifyServer } from '../index.ts'

const projectServer: ProjectServer = {
  name: 'db',
  access: 'url',
  method: 'physical',
  running: true,
  foundBy: 'aidatavault.yml',
  storedOn: null,
  environment: { user: 'boss', password: undefined, database: 'postgres' },
}

/** A throwaway server in a point of a vault in memory. */
export const capturedPhysically = (access: PostgresAccess, run: Run) =>
  capturedPoint(writer => captureServer(projectServer, access, [], writer, run))

/** Starts a server on a restored data directory for as long as `use` runs. */
export async function onCopy<T>(
  dataDirectory: string,
  run: Run,
  use: (access: PostgresAccess) => Promise<T>,
): Promise<T> {
  const copy = await startServer({ dataDirectory, user: 'boss' }, run)
  try {
    return await use(postgresByUrl({ url: copy.url }))
  } finally {
    await copy.stop()
  }
}

/** What is not as the point says. */
export const failedOnCopy = (facts: DatabaseServer, dataDirectory: string, run: Run): Promise<Check[]> =>
  onCopy(dataDirectory, run, async access => (await verifyServer(facts, access, [], run)).filter(({ ok }) => !ok))
