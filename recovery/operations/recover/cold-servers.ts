import type { Check } from '../../domain/check.ts'
import { discoverProject } from '../../project/index.ts'
import { assertServerRuns } from '../restore/server-runs.ts'
import type { Workshop } from './workshop.ts'

/**
 * Servers that came back as the files of a stopped one, and were started: each must answer, and be that server; a new,
 * empty one would answer just as well. Rejects with database-unreachable, target-mismatch.
 */
export async function coldServersRun({ plan, manifest, address, tools, run }: Workshop): Promise<Check[]> {
  const started = manifest.volumes.flatMap(({ server }) =>
    server && plan.services.includes(server.name) ? [server] : [],
  )
  if (started.length === 0) return []
  const { directory, files, projectName, profiles } = address
  const named = projectName === undefined ? {} : { projectName }
  const project = await discoverProject({ directory, files, profiles, ...named }, tools, run)
  const checks: Check[] = []
  for (const server of started) {
    await assertServerRuns(server, { project, tools, run })
    const detail = server.systemIdentifier === null ? 'it answers' : `system identifier ${server.systemIdentifier}`
    checks.push({ what: `PostgreSQL ${server.name} runs on the files of the point`, ok: true, detail })
  }
  return checks
}
