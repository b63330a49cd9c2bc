import type { Run, RunEvent } from '../../../domain/run.ts'

/** A run that nobody watches; what it reports is kept. */
export function quietRun(signal = new AbortController().signal): Run & { readonly events: RunEvent[] } {
  const events: RunEvent[] = []
  return { signal, clock: { now: () => new Date() }, report: event => void events.push(event), events }
}
