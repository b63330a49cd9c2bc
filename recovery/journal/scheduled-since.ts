import fs from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { jobs, type Job } from '../../contract/run-record.ts'
import { replaceFile } from './replace-file.ts'
import { ignoreState, stateFolder } from './state-folder.ts'

/** Since when the schedule of each job is kept to: nothing was missed before. */
export type ScheduledSince = ReadonlyMap<Job, Date>

const stored = z.partialRecord(z.enum(jobs), z.iso.datetime())
const fileOf = (root: string) => path.join(root, stateFolder, 'schedule.json')

export async function readSince(root: string): Promise<ScheduledSince> {
  const text = await fs.readFile(fileOf(root), 'utf8').catch(() => '{}')
  return new Map(jobs.flatMap(job => timeOf(text, job)))
}

function timeOf(text: string, job: Job): [Job, Date][] {
  try {
    const time = stored.parse(JSON.parse(text))[job]
    return time === undefined ? [] : [[job, new Date(time)]]
  } catch {
    return []
  }
}

/** From now on these jobs and no others are scheduled; those that were stay as they were. Rejects where the folder cannot be written to. */
export async function keepSince(root: string, scheduled: Iterable<Job>, now: Date): Promise<ScheduledSince> {
  const before = await readSince(root)
  // A clock that stood in the future once.
  const since = new Map([...scheduled].map(job => [job, earlier(before.get(job), now)]))
  if (isSame(before, since)) return since
  await fs.mkdir(path.join(root, stateFolder), { recursive: true, mode: 0o700 })
  await ignoreState(root)
  await replaceFile(fileOf(root), `${JSON.stringify(Object.fromEntries(since), null, 2)}\n`)
  return since
}

const earlier = (then: Date | undefined, now: Date): Date => (then && then < now ? then : now)

const isSame = (a: ScheduledSince, b: ScheduledSince) =>
  a.size === b.size && [...b].every(([job, time]) => a.get(job)?.getTime() === time.getTime())
