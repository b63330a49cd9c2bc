import { AsyncLocalStorage } from 'node:async_hooks'

/** Injected time. */
export interface Clock {
  now(): Date
}

/** What an operation tells while it works. Names are for people: 'database db/app', 'volume uploads'. */
export type RunEvent =
  /** `within`: the step that it is a part of. Steps may run side by side. */
  | { readonly kind: 'step-started'; readonly step: string; readonly within?: string; readonly totalBytes?: number }
  | { readonly kind: 'progress'; readonly step: string; readonly bytes: number; readonly files: number }
  /** `bytes`: what a source gave, where it is one. */
  | StepDone
  | { readonly kind: 'step-failed'; readonly step: string }
  | { readonly kind: 'note'; readonly text: string }
  /** A line that a program of the user's said, for who wants to see everything; secrets masked. */
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }

interface StepDone {
  readonly kind: 'step-done'
  readonly step: string
  readonly ms: number
  readonly bytes?: number
  readonly detail?: string
}

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
  /** How many bytes a source gave; asked at the end. */
  readonly bytes?: () => number
}

const steps = new AsyncLocalStorage<string>()

/** The step that what is called here belongs to. */
export const currentStep = (): string | undefined => steps.getStore()

/** Runs one step: tells its start, its end and how long it took. */
export async function step<T>(
  run: Run,
  name: string,
  work: () => Promise<T>,
  options: StepOptions<T> = {},
): Promise<T> {
  run.signal.throwIfAborted()
  const started = performance.now()
  const { detail, totalBytes, bytes } = options
  const within = currentStep()
  const part = { ...(within === undefined ? {} : { within }), ...(totalBytes === undefined ? {} : { totalBytes }) }
  run.report({ kind: 'step-started', step: name, ...part })
  try {
    const result = await steps.run(name, work)
    const done = { kind: 'step-done', step: name, ms: Math.round(performance.now() - started) } as const
    run.report({ ...done, ...(bytes && { bytes: bytes() }), ...(detail && { detail: detail(result) }) })
    return result
  } catch (error) {
    run.report({ kind: 'step-failed', step: name })
    throw error
  }
}

/** The same run for cleaning up: an interruption does not stop it. */
export const untilDone = (run: Run): Run => ({
  ...run,
  signal: new AbortController().signal,
  report: event => run.report(event),
})
