import { setTimeout as sleep } from 'node:timers/promises'
import { askServer, type ServerWork } from './restore-work.ts'

/** The id of a restore as a 32-bit number, which pg_locks shows as it is. */
export const lockNumber = (id: string): number => Number.parseInt(id, 16)

/** Held by the session that does what cannot be done twice, as long as it lasts: by it a killed run's session is found. */
export const holdWorkLock = (id: string): string => `SELECT pg_catalog.pg_advisory_lock(${lockNumber(id)})`

const holders = (id: string) => `FROM pg_catalog.pg_locks
  WHERE locktype = 'advisory' AND objid = ${lockNumber(id)}::bigint::oid AND pid <> pg_catalog.pg_backend_pid()`

/**
 * Ends what a killed run still has at work on the server: what it was given goes on without it, and could take effect
 * after somebody looked. Resolves when it is gone.
 */
export async function endWorkOf(work: ServerWork, id: string): Promise<void> {
  const end = `SELECT pg_catalog.pg_terminate_backend(pid) AS ended ${holders(id)}`
  while ((await askServer(work, end)).length > 0) await sleep(100, undefined, { signal: work.run.signal })
}
