import type { Run } from '../../domain/run.ts'

/** Ends what a stopped run left on the server under this application name. */
export const endSessions = (applicationName: string): string => `
  SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
  WHERE application_name = '${applicationName}' AND pid <> pg_catalog.pg_backend_pid();`

// The run it cleans up after was stopped; cleaning up must not hang in its place.
const cleanUpMs = 10_000

/** A run of its own, for the signal of the stopped one says stop to everything. */
export const cleanUpRun = (): Run => ({
  signal: AbortSignal.timeout(cleanUpMs),
  clock: { now: () => new Date() },
  report: () => {},
})
