import type { DrillReport } from '../../../contract/drill-report.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { readActivity, writtenSince } from '../../sources/database/index.ts'
import { withAccess } from '../access.ts'
import type { Tools } from '../tools.ts'
import type { DrillPlan } from './plan-drill.ts'

type Losses = Pick<DrillReport['recoveryPoint'], 'rowsSince' | 'walBytesSince'>

/** What the living project's servers have written since the point: so much would be lost now. null: they cannot be asked. */
export async function writtenSincePoint({ project, manifest }: DrillPlan, tools: Tools, run: Run): Promise<Losses> {
  let losses: Losses = { rowsSince: null, walBytesSince: null }
  for (const { name, activity, server: facts } of manifest.servers) {
    const server = project?.servers.find(found => found.name === name && found.running)
    if (!server || !activity) continue
    const ask = withAccess(server, project?.compose?.address, tools, run, access =>
      access.reading(run, async () => {
        const { systemIdentifier } = await access.server(run)
        // Another server by that name counts from somewhere else.
        if (systemIdentifier !== facts.systemIdentifier) return undefined
        const home = await access.home(run)
        return writtenSince(activity, await readActivity(sql => access.query(home, sql, run)))
      }),
    )
    const written = await ask.catch((error: unknown) => {
      run.signal.throwIfAborted()
      run.report({
        kind: 'warning',
        text: `what ${name} has written since the point is not known: ${messageOf(error)}`,
      })
      return undefined
    })
    if (!written) continue
    losses = {
      walBytesSince: (losses.walBytesSince ?? 0) + written.walBytes,
      rowsSince: written.rows === null ? losses.rowsSince : (losses.rowsSince ?? 0) + written.rows,
    }
  }
  return losses
}
