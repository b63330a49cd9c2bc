import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

/** A program to be measured. */
export interface Command {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** A file that comes to it through a pipe. */
  readonly stdin?: string
}

export interface Measured {
  readonly seconds: number
  /** Of all its threads and children, user and system. */
  readonly cpuSeconds: number
  /** The most memory that one of its processes held. */
  readonly peakBytes: number
}

const child = path.join(import.meta.dirname, 'measure-child.ts')

/** Runs it; rejects with what it printed if it fails. */
export async function measure(command: Command): Promise<Measured> {
  await promisify(execFile)('sync')
  const env = { ...process.env, ...command.env }
  const args = ['--disable-warning=ExperimentalWarning', child, JSON.stringify(command)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout) as Measured
}
