import fs from 'node:fs/promises'
import { z } from 'zod'

/** A process, told apart from later ones with its number by when it started, and in which run of the machine. */
export const processOwner = z.object({ pid: z.number(), started: z.string(), boot: z.string() })
export type ProcessOwner = z.infer<typeof processOwner>

/** Whether that very process still runs. One that has ended and that nobody has taken note of does not. */
export async function isAlive(held: ProcessOwner): Promise<boolean> {
  const { owner: now, state } = await look(held.pid)
  if (now.started !== '') return state !== 'Z' && now.started === held.started && now.boot === held.boot
  try {
    process.kill(held.pid, 0)
    return true
  } catch {
    return false
  }
}

/** Empty texts where the system does not tell. */
export const describeProcess = async (pid: number): Promise<ProcessOwner> => (await look(pid)).owner

/** proc(5) stat, counted after the name: the state is the 3rd field, the start time the 22nd. */
async function look(pid: number): Promise<{ readonly owner: ProcessOwner; readonly state: string }> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { owner: { pid, started: fields[19] ?? '', boot: boot.trim() }, state: fields[0] ?? '' }
}
