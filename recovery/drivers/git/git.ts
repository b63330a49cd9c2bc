/**
 * The user's own `git`, made safe to run on any repository: it changes nothing that it was not asked to change (no index
 * refresh, no hooks, no file system monitor, no collection of garbage), asks nothing, speaks English, and is told the
 * repository instead of looking for one, so that neither its owner nor the caller's environment matters.
 * Names are bytes: text that git gives or takes is one character per byte ('latin1').
 */
import type { Run } from '../../domain/run.ts'
import { feedProgram, ProgramFailure, runProgram, startProgram } from '../process/index.ts'
import type { ProgramCall, ProgramInput, StartedProgram } from '../process/index.ts'
import { safeEnvironment, safeSettings } from './safety.ts'

/** What a call of git works on. Absolute paths. */
export interface GitPlace {
  /** The `.git` folder, or the file that names it. */
  readonly gitFolder: string
  /** Absent for a bare repository. */
  readonly workTree?: string
  /** Instead of the repository's own index. */
  readonly indexFile?: string
  /** Further settings, each 'name=value'. */
  readonly settings?: readonly string[]
}

/** The call, not yet made. */
export const gitCall = (place: GitPlace, args: readonly string[], run: Run): ProgramCall => ({
  command: 'git',
  args: [...safeSettings, ...(place.settings ?? []).flatMap(setting => ['-c', setting]), ...args],
  cwd: place.workTree ?? place.gitFolder,
  env: {
    ...safeEnvironment,
    GIT_DIR: place.gitFolder,
    GIT_WORK_TREE: place.workTree,
    GIT_INDEX_FILE: place.indexFile,
  },
  signal: run.signal,
})

/** What git printed, and what it said on stderr. For output that fits in memory; rejects unless it exits with 0. */
export async function git(
  place: GitPlace,
  args: readonly string[],
  run: Run,
  input?: ProgramInput,
): Promise<{ readonly text: string; readonly stderr: string }> {
  const { stdout, stderr } = await runProgram(gitCall(place, args, run), input === undefined ? {} : { input })
  return { text: stdout.toString('latin1'), stderr }
}

/** The same for a question to which exit code 1 means no: undefined then. */
export async function askGit(
  place: GitPlace,
  args: readonly string[],
  run: Run,
  input?: ProgramInput,
): Promise<string | undefined> {
  try {
    return (await git(place, args, run, input)).text
  } catch (error) {
    if (error instanceof ProgramFailure && error.exitCode === 1) return undefined
    throw error
  }
}

/** git with its streams; the caller reads stdout and awaits `finished`. */
export const startGit = (place: GitPlace, args: readonly string[], run: Run): StartedProgram =>
  startProgram(gitCall(place, args, run))

/** The records that git prints, of any number, NUL-terminated unless told. Rejects after the last one if git failed. */
export async function* gitRecords(
  place: GitPlace,
  args: readonly string[],
  run: Run,
  input: ProgramInput = '',
  separator = '\0',
): AsyncGenerator<string, void, undefined> {
  const call = gitCall(place, args, run)
  const program = startProgram(call)
  const fed = feedProgram(call, program, input)
  fed.catch(() => {})
  try {
    yield* splitRecords(program.stdout as AsyncIterable<Buffer>, separator)
    await fed
  } finally {
    await program.stop()
  }
}

/** Cuts bytes at every separator. A rest without one is a record too. */
export async function* splitRecords(
  chunks: AsyncIterable<Uint8Array>,
  separator = '\0',
): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const chunk of chunks) {
    const records = (rest + Buffer.from(chunk).toString('latin1')).split(separator)
    rest = records.pop()!
    yield* records
  }
  if (rest !== '') yield rest
}

/** Records as git reads them from stdin with -z. */
export async function* joinRecords(
  records: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<Buffer, void, undefined> {
  let batch = ''
  for await (const record of records) {
    batch += `${record}\0`
    if (batch.length < batchChars) continue
    yield Buffer.from(batch, 'latin1')
    batch = ''
  }
  if (batch !== '') yield Buffer.from(batch, 'latin1')
}

const batchChars = 64 * 1024
