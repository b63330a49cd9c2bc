import path from 'node:path'
import type { Job } from '../contract/run-record.ts'
import { newRunId, projectFolder, recordRun, type RunFacts } from '../recovery/operations/index.ts'
import type { Context } from './context.ts'
import { failureOf } from './failure.ts'
import { takeScheduled } from './scheduled.ts'

/** Does a job that belongs into the run history of the project here; anywhere else it is only done. */
export async function recorded(
  job: Job,
  context: Context,
  work: (context: Context, tell: (facts: RunFacts) => void) => Promise<void>,
): Promise<void> {
  const scheduled = takeScheduled()
  const root = await folderOfProject(context)
  if (root === undefined) return work(context, () => {})
  const start = { job, root, ...(scheduled ?? { id: newRunId(), trigger: 'command' as const }) }
  await recordRun(start, context.run, failureOf, async (run, tell) => {
    await work({ ...context, run }, tell)
    // Of a command that hands on how another program ended.
    if (typeof process.exitCode === 'number') tell({ exitCode: process.exitCode })
  })
}

/** The whole folder of the project that is meant, as `findProject` finds it, but without asking Docker. Undefined where there is none. */
export function folderOfProject({ options: { projectDirectory, file }, run }: Context): Promise<string | undefined> {
  if (projectDirectory !== undefined) return projectFolder(projectDirectory, run)
  return projectFolder(file?.[0] === undefined ? '.' : path.dirname(file[0]), run)
}
