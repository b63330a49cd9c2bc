/** Injected time. */
export interface Clock {
  now(): Date
}

/** What an operation tells while it works. Names are for people: 'database db/app', 'volume uploads'. */
export type RunEvent =
  | { readonly kind: 'step-started'; readonly step: string; readonly totalBytes?: number }
  | { readonly kind: 'progress'; readonly step: string; readonly bytes: number; readonly files: number }
  | { readonly kind: 'step-done'; readonly step: string; readonly ms: number; readonly detail?: string }
  | { readonly kind: 'note'; readonly text: string }
  /** A line that a program of the user's said, for who wants to see everything; secrets masked. */
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }

/** Goes along with every call: `signal` to stop, `clock` for the time, `report` for progress. */
export interface Run {
  readonly signal: AbortSignal
  readonly clock: Clock
  report(event: RunEvent): void
}

export interface StepOptions<T> {
  /** Said of the result, for people. */
  readonly detail?: (result: T) => string
  /** How many bytes its progress will add up to, where that is known. */
  readonly totalBytes?: number
}

/** Runs one step: tells its start, its end and how long it took. A failing step tells no end. */
export async function step<T>(
  run: Run,
  name: string,
  work: () => Promise<T>,
  options: StepOptions<T> = {},
): Promise<T> {
  run.signal.throwIfAborted()
  const started = performance.now()
  const { detail, totalBytes } = options
  run.report({ kind: 'step-started', step: name, ...(totalBytes === undefined ? {} : { totalBytes }) })
  const result = await work()
  const done = { kind: 'step-done', step: name, ms: Math.round(performance.now() - started) } as const
  run.report(detail ? { ...done, detail: detail(result) } : done)
  return result
}

/** The same run for cleaning up: an interruption does not stop it. */
export const untilDone = (run: Run): Run => ({
  ...run,
  signal: new AbortController().signal,
  report: event => run.report(event),
})
