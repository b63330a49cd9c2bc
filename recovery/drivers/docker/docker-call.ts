import { feedProgram, runProgram, startProgram } from '../process/index.ts'
import { dockerError } from './docker-errors.ts'
import type { Run } from '../../domain/run.ts'
import type { ProgramCall, RunOptions, RunningProgram } from '../process/index.ts'

/** How the user's docker command is called. */
export interface DockerOptions {
  /** Name or path of the command: 'docker' unless told. */
  readonly command?: string
  /** Added to its environment, such as DOCKER_HOST or DOCKER_CONTEXT. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** What one call adds: values for `-e NAME` flags travel here, where no process list shows them. */
export interface CallOptions extends RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
}

// They would change what the docker command itself does.
const reserved = /^(DOCKER_|COMPOSE_|BUILDKIT_|BUILDX_|SSH_|LD_)|^(PATH|HOME|PWD|TMPDIR|HTTPS?_PROXY|NO_PROXY)$/i

function dockerCall(options: DockerOptions, args: readonly string[], run: Run, more: CallOptions): ProgramCall {
  const clash = Object.keys(more.env ?? {}).find(name => reserved.test(name))
  if (clash) throw new TypeError(`the variable ${clash} cannot be handed into a container`)
  // Compose names a project after the folder as one came to it, links and all; the system alone would tell the real one.
  const folder = more.cwd === undefined ? {} : { PWD: more.cwd }
  return {
    command: options.command ?? 'docker',
    args,
    // Advertisements and menus have no place in what a program reads.
    env: { DOCKER_CLI_HINTS: 'false', COMPOSE_MENU: 'false', ...folder, ...options.env, ...more.env },
    secrets: [...(more.secrets ?? []), ...Object.values(more.env ?? {})],
    signal: run.signal,
    ...(more.cwd === undefined ? {} : { cwd: more.cwd }),
  }
}

/** Runs docker to its end and gives what it printed. Rejects with docker-unavailable, tool-missing, tool-failed, interrupted. */
export async function runDocker(
  options: DockerOptions,
  args: readonly string[],
  run: Run,
  more: CallOptions = {},
): Promise<{ readonly stdout: Buffer; readonly stderr: string }> {
  try {
    return await runProgram(dockerCall(options, args, run, more), more)
  } catch (error) {
    throw dockerError(error)
  }
}

/** Starts docker; `finished` rejects as `runDocker` does. */
export function startDocker(
  options: DockerOptions,
  args: readonly string[],
  run: Run,
  more: CallOptions = {},
): RunningProgram {
  const program = startProgram(dockerCall(options, args, run, more))
  const finished = program.finished.catch((error: unknown) => {
    throw dockerError(error)
  })
  finished.catch(() => {})
  return { pid: program.pid, stdin: program.stdin, stdout: program.stdout, finished, stop: () => program.stop() }
}

/** Gives a started docker all of its input and waits until it is done. */
export const feedDocker = (
  options: DockerOptions,
  program: RunningProgram,
  input: AsyncIterable<Uint8Array>,
): Promise<void> => feedProgram({ command: options.command ?? 'docker', args: ['cp'] }, program, input)

/** The same run for cleaning up: it goes on although the run itself was stopped, but not for ever. */
export const forCleanup = (run: Run): Run => ({
  signal: AbortSignal.timeout(60_000),
  clock: run.clock,
  report: event => run.report(event),
})
