import type { Readable, Writable } from 'node:stream'

/** A program to run; arguments are a list, never a shell line. Secrets travel in `env` or through stdin only. */
export interface ProgramCall {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
  /** Values that must not appear in any message; they are replaced there. */
  readonly secrets?: readonly string[]
  readonly uid?: number
  readonly gid?: number
}

/** A program at work. Its exit is not to be missed: `finished` rejects with 'tool-failed' (exit code, end of stderr) or 'tool-missing'. */
export interface RunningProgram {
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  readonly finished: Promise<void>
  /** Ends it: SIGTERM, SIGKILL after a grace time. */
  stop(): Promise<void>
}
