import fs from 'node:fs/promises'
import os from 'node:os'
import { z } from 'zod'
import { describeProcess, isAlive, processOwner } from './process-owner.ts'

/** The process of a run, told apart also from those of other machines and containers that share the project's folder. */
export const runOwner = processOwner.extend({
  hostname: z.string(),
  /** The namespace that its number counts in. Empty where the system has none. */
  space: z.string(),
})
export type RunOwner = z.infer<typeof runOwner>

export const thisOwner = async (): Promise<RunOwner> => ({
  ...(await describeProcess(process.pid)),
  hostname: os.hostname(),
  space: await fs.readlink('/proc/self/ns/pid').catch(() => ''),
})

// Nobody can look at a process of another machine or container. What has not ended after so long is taken for dead.
const unseenAfterMs = 24 * 3_600_000

/** Whether a run that has not said how it ended has ended all the same. */
export async function hasEnded(held: RunOwner, startedAt: Date, now: Date): Promise<boolean> {
  const own = await thisOwner()
  const isSameMachine = held.hostname === own.hostname
  if (isSameMachine && held.boot === own.boot && held.space === own.space) return !(await isAlive(held))
  // A machine that has started anew since.
  if (isSameMachine && held.space === own.space) return true
  return now.getTime() - startedAt.getTime() > unseenAfterMs
}
