import { messageOf, RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'

const mebibyte = 1024 * 1024

/** What stays free on the server's disk: without room for its log, a server stops, and the live databases with it. */
export const reserveBytes = (freeBytes: number): number =>
  Math.round(Math.min(512 * mebibyte, Math.max(64 * mebibyte, freeBytes / 10)))

/** Free bytes where the server's data lies; undefined where that cannot be seen. */
export async function freeBytes(access: PostgresAccess, run: Run): Promise<number | undefined> {
  for await (const free of access.freeSpace(run)) return free
  return undefined
}

/** Works as long as the server's disk has its reserve; rejects with storage-full when that is used. */
export async function withSpaceWatched<T>(
  access: PostgresAccess,
  run: Run,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const full = new AbortController()
  const watching = watch(access, { ...run, signal: AbortSignal.any([run.signal, ending.signal]) }, () => full.abort())
  const watched: Run = {
    signal: AbortSignal.any([run.signal, full.signal]),
    clock: run.clock,
    report: event => run.report(event),
  }
  try {
    return await work(watched)
  } catch (error) {
    throw full.signal.aborted || ranFull(error) ? noSpace(access.name, error) : error
  } finally {
    ending.abort()
    await watching
  }
}

/** That the room cannot be watched is no reason to fail. */
async function watch(access: PostgresAccess, run: Run, full: () => void): Promise<void> {
  let reserve: number | undefined
  try {
    for await (const free of access.freeSpace(run)) {
      reserve ??= reserveBytes(free)
      if (free < reserve) return full()
    }
  } catch {
    return
  }
}

// The server's own words, where it was faster than the next look.
const ranFull = (error: unknown): boolean => /No space left on device|could not extend file/.test(messageOf(error))

const noSpace = (server: string, cause: unknown): RecoveryError =>
  new RecoveryError(
    'storage-full',
    `the disk of PostgreSQL ${server} ran full, so what was being restored is removed`,
    {
      hint: 'free some space there, then run the same command again',
      cause,
    },
  )
