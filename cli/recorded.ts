import type { Job } from '../contract/run-record.ts'
import { RecoveryError } from '../recovery/domain/errors.ts'
import { newRunId, projectPlace, recordRun, type ProjectPlace, type RunFacts } from '../recovery/operations/index.ts'
import { startFolder, type Context } from './context.ts'
import { failureOf } from './failure.ts'
import { takeScheduled } from './scheduled.ts'
import { tellOf } from './told.ts'

/** The same. Rejects with project-not-found. */
export async function assertPlace(context: Context): Promise<ProjectPlace> {
  const place = await placeOfProject(context)
  if (place) return place
  throw new RecoveryError('project-not-found', 'there is no project here: no Compose file and no aidatavault.yml', {
    hint: 'run this in the folder of the project, or name it with --project-directory or --file',
  })
}

/** Does a job that belongs into the run history of the project here; anywhere else it is only done. */
export async function recorded(
  job: Job,
  context: Context,
  work: (context: Context, tell: (facts: RunFacts) => void) => Promise<void>,
): Promise<void> {
  const scheduled = takeScheduled()
  const place = await placeOfProject(context)
  if (!place) return work(context, () => {})
  const start = { job, root: place.root, ...(scheduled ?? { id: newRunId(), trigger: 'command' as const }) }
  // Of a run of the schedule, whoever keeps that tells: it sees also how one ended that could not say so.
  const told = scheduled ? undefined : tellOf(place, context)
  const recordedWork = async (run: Context['run'], tell: (facts: RunFacts) => void) => {
    await work({ ...context, run }, tell)
    // Of a command that hands on how another program ended.
    if (typeof process.exitCode === 'number') tell({ exitCode: process.exitCode })
  }
  await recordRun(start, context.run, failureOf, recordedWork, told)
  if (!process.exitCode) told?.assertTold()
}

/** Where the project is that is meant, as `findProject` finds it, but without asking Docker. Undefined where there is none. */
export const placeOfProject = (context: Context): Promise<ProjectPlace | undefined> =>
  projectPlace(startFolder(context), context.run)
