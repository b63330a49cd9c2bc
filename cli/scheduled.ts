import { z } from 'zod'
import { runRecord } from '../contract/run-record.ts'

/** How `run` tells a command that it starts which run that is. */
export const scheduledVariable = 'AIDATAVAULT_SCHEDULED_RUN'

const scheduled = runRecord.pick({ id: true, trigger: true, dueAt: true })
export type Scheduled = z.infer<typeof scheduled>

export const encodeScheduled = (run: Scheduled): string => JSON.stringify(run)

/** Taken once: a hook that calls this program again is no run of the schedule. */
export function takeScheduled(): Scheduled | undefined {
  const text = process.env[scheduledVariable]
  delete process.env[scheduledVariable]
  if (text === undefined) return undefined
  try {
    return scheduled.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
