import fs from 'node:fs/promises'
import os from 'node:os'
import { z } from 'zod'
import { describeProcess, isAlive, processOwner } from './process-owner.ts'

/** A process told apart also from those of other machines and containers that share the project's folder. */
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

/** Whether the process still is there. unseen: it is of another machine or container, where nobody can look from here. */
export async function stateOf(held: RunOwner): Promise<'alive' | 'gone' | 'unseen'> {
  const own = await thisOwner()
  if (held.hostname !== own.hostname || held.space !== own.space) return 'unseen'
  // Else the machine has started anew since.
  return held.boot === own.boot && (await isAlive(held)) ? 'alive' : 'gone'
}
