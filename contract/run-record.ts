import { z } from 'zod'

/**
 * One run of a job, as the run history keeps it, `runs --json` prints it and notifications and metrics are made of it. It holds no
 * secret. Readers accept unknown fields.
 */

/** What can be scheduled, and is recorded whoever starts it. */
export const jobs = ['backup', 'copy', 'retain', 'check', 'drill'] as const
export type Job = (typeof jobs)[number]

const count = z.number().int().nonnegative()

export const runRecord = z.object({
  version: z.literal(1),
  /** 16 hex digits. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  job: z.enum(jobs),
  /** command: somebody typed it. schedule: at its time. catch-up: later, since nothing ran at its time. */
  trigger: z.enum(['command', 'schedule', 'catch-up']),
  /** The machine that ran it. */
  hostname: z.string(),
  /** The time of the schedule that this run serves; not when somebody typed it. */
  dueAt: z.iso.datetime().optional(),
  /** Of a missed run: when it was found out. */
  startedAt: z.iso.datetime(),
  /** Not while it runs, nor where nobody was left to write it down. */
  endedAt: z.iso.datetime().optional(),
  /** missed: it was due, and nothing ran then or instead of it. */
  outcome: z.enum(['running', 'success', 'failed', 'interrupted', 'missed']),
  /** Of a missed run that stands for all that were missed in a row, `dueAt` being the last: the first, and at least how many. */
  missed: z.object({ first: z.iso.datetime(), count }).optional(),
  /** As of the command (docs/reference/exit-codes.md). */
  exitCode: count.optional(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  /** Of a backup: the point it took. Of a drill: the point it rehearsed. */
  point: z.string().optional(),
  /** Of a backup: whether its point can bring the whole project back. */
  state: z.enum(['complete', 'incomplete']).optional(),
  /** The vault, or the first of them. */
  vault: z.string().optional(),
  /** Where there are several: how it went in each. */
  vaults: z.array(z.object({ vault: z.string(), ok: z.boolean() })).optional(),
  /** From the project. */
  bytesRead: count.optional(),
  /** To the vault, as they lie there. */
  bytesAdded: count.optional(),
  /** Of a backup: what it captured, how long each took, and the bytes it read. */
  sources: z.array(z.object({ name: z.string(), ms: count, bytes: count })).optional(),
  /** The newest drill that proved a point of the project, as the vault held it then, and how long the recovery took in it. */
  proof: z.object({ at: z.iso.datetime(), recoveryMs: count }).optional(),
  /** Who was told of it: one for each channel of `notifications`, or monitor of `pings` ('ping backup'), and event. */
  notices: z
    .array(
      z.object({
        to: z.string(),
        event: z.string(),
        at: z.iso.datetime(),
        ok: z.boolean(),
        /** Why it did not arrive. */
        message: z.string().optional(),
      }),
    )
    .optional(),
})

export type RunRecord = z.infer<typeof runRecord>
