import { z } from 'zod'

// Words go behind `--` or `=`: none of them can be an option.
const word = z.string().min(1).max(500)

/** Which part comes back, and from where. */
export const restoreRequest = {
  what: z
    .enum(['code', 'config', 'database', 'volume', 'file', 'data', 'undo'])
    .describe('data: every volume and database that is gone; undo: take the last restore or guarded command back'),
  name: word.optional().describe('of a database (SERVICE or SERVICE/DATABASE), a volume, or a file'),
  point: word.optional().describe('an id, the beginning of one, latest, or a time; latest where it is left out'),
}
export type RestoreRequest = z.infer<z.ZodObject<typeof restoreRequest>>

const named = new Set(['database', 'volume', 'file', 'config'])

/** The words of the command that does it. */
export function restoreArguments({ what, name, point }: RestoreRequest, ...flags: readonly string[]): string[] {
  if (what === 'undo') return ['undo', ...flags]
  const from = point === undefined ? [] : [`--point=${point}`]
  const names = name !== undefined && named.has(what) ? ['--', name] : []
  return ['restore', what, ...flags, ...from, ...names]
}

/** The same as somebody types it. */
export const restoreLine = (request: RestoreRequest): string =>
  ['aidatavault', ...restoreArguments(request).map(quoted)].join(' ')

const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** What a plan says that matters here: of `restore` and of `recover` alike. */
export const shownPlan = z.looseObject({
  what: z.string().optional(),
  point: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
  changes: z.array(z.object({ what: z.string(), change: z.string() })).optional(),
  stops: z.array(z.string()).optional(),
  obstacles: z.array(z.looseObject({ message: z.string() })).optional(),
})
export type ShownPlan = z.infer<typeof shownPlan>

/** The point that the plan found, so that just this one comes back. */
export const pointOf = ({ point }: ShownPlan): string | undefined =>
  typeof point === 'string' ? point : (point?.id ?? undefined)

// What nobody reads to the end.
const mostShown = 30

/** For the person who is asked. */
export function planText(request: RestoreRequest, plan: ShownPlan): string {
  const changes = (plan.changes ?? []).map(({ what, change }) => `- ${what}: ${change}`)
  const more = changes.length - mostShown
  return [
    `AIDataVault is asked to restore: ${plan.what ?? request.what}`,
    ...(pointOf(plan) ? [`from point ${pointOf(plan)!.slice(0, 8)}`] : []),
    ...changes.slice(0, mostShown),
    ...(more > 0 ? [`- and ${more} more`] : []),
    ...(plan.stops?.length ? [`It stops: ${plan.stops.join(', ')}`] : []),
    'What is overwritten goes into a safety point first, and undo takes it back.',
  ].join('\n')
}
