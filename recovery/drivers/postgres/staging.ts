import type { Run } from '../../domain/run.ts'

/** Where a dump can lie for a moment, as a file that the client programs read and nobody else. */
export interface Staging {
  /** processors: of the machine that the client programs run on. */
  room(run: Run): Promise<{ readonly freeBytes: number; readonly processors: number }>
  /** Lays it down under the name of the database that it is for; resolves to its path. */
  put(database: string, bytes: AsyncIterable<Uint8Array>, run: Run): Promise<string>
  /** Removes it, if it is there; also when the run was stopped. */
  remove(database: string, run: Run): Promise<void>
}
