import { existsSync } from 'node:fs'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { messageOf, RecoveryError } from '../../domain/errors.ts'
import { maskSecrets, secretsOf } from './secrets.ts'
import type { ProgramEnd } from './ending.ts'
import type { ProgramCall, StartedProgram } from './program.ts'

const installHints: readonly (readonly [RegExp, string])[] = [
  [
    /^docker$/,
    'install Docker Engine or Docker Desktop, with the Compose plugin: https://docs.docker.com/engine/install/',
  ],
  [/^git$/, 'install git with the package manager of the system (Debian, Ubuntu: apt install git)'],
  [
    /^(pg_\w+|psql|createdb|vacuumdb)$/,
    'install the PostgreSQL client programs (Debian, Ubuntu: apt install postgresql-client)',
  ],
]

/** For people: the program and its first word, such as 'docker compose'. Arguments may be long, never secret. */
export const programName = (call: Pick<ProgramCall, 'command' | 'args'>): string => {
  const first = call.args[0]
  return [path.basename(call.command), ...(first && /^[a-z][\w-]*$/i.test(first) ? [first] : [])].join(' ')
}

/** tool-missing where the program is not there, tool-failed where it is and cannot be started. */
export function cannotStart(call: ProgramCall, error: unknown): RecoveryError {
  const name = path.basename(call.command)
  if (call.cwd !== undefined && !existsSync(call.cwd))
    return new RecoveryError('tool-failed', `cannot run ${name} in ${call.cwd}: there is no such folder`)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOENT') return startFailure(call, name, error)
  const hint =
    installHints.find(([pattern]) => pattern.test(name))?.[1] ?? `install ${name} and make sure that it is on PATH`
  return new RecoveryError('tool-missing', `${call.command} was not found`, { hint })
}

const startFailure = (call: ProgramCall, name: string, error: unknown): RecoveryError =>
  new RecoveryError('tool-failed', `${name} cannot be started: ${maskSecrets(messageOf(error), secretsOf(call))}`)

export const wasInterrupted = (call: ProgramCall): RecoveryError =>
  new RecoveryError('interrupted', `${programName(call)} was stopped before it was done`)

// What fits under an error on a terminal. Programs say last what broke them.
const shownChars = 2000

/** The last lines of a text, whole lines where the cut allows it. */
export function lastLines(text: string): string {
  const trimmed = text.trim()
  if (trimmed.length <= shownChars) return trimmed
  const end = trimmed.slice(-shownChars)
  return `… ${end.slice(end.indexOf('\n') + 1)}`
}

/** A program that ended otherwise than with exit code 0. */
export class ProgramFailure extends RecoveryError {
  /** null when a signal ended it. */
  readonly exitCode: number | null
  /** The end of its stderr, secrets masked. */
  readonly stderr: string

  constructor(call: ProgramCall, end: Extract<ProgramEnd, { kind: 'exited' }>, stderr: string) {
    const how = end.code === null ? `was ended by ${end.signal}` : `failed with exit code ${end.code}`
    const said = lastLines(stderr)
    super('tool-failed', `${programName(call)} ${how}${said ? `: ${said}` : ''}`)
    this.exitCode = end.code
    this.stderr = stderr
  }
}

/** Throws unless the program exited with code 0. `stderr` is masked already. */
export function hasExited(call: ProgramCall, end: Extract<ProgramEnd, { kind: 'exited' }>, stderr: string): void {
  if (end.code !== 0) throw new ProgramFailure(call, end, stderr)
}

/** A program that never was: its streams are closed and `finished` rejects. */
export function failedProgram(error: RecoveryError): StartedProgram {
  const finished = Promise.reject<void>(error)
  finished.catch(() => {})
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  stdin.on('error', () => {}).destroy()
  stdout.end()
  const stderr = { text: () => '', ended: () => Promise.resolve() }
  return { pid: undefined, stdin, stdout, stderr, finished, stop: () => Promise.resolve() }
}
