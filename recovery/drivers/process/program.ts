/**
 * Programs of the machine (docker, git, PostgreSQL's clients) as streams. A child runs in a process group of its own, so
 * that what it started ends with it; it is ended when its run is aborted and when this process exits. Where this process
 * is killed outright, the closed pipes end what reads or writes them.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { endOf, killGroup, track } from './ending.ts'
import { cannotStart, failedProgram, hasExited, wasInterrupted } from './failures.ts'
import { keepTail } from './stderr-tail.ts'
import type { StderrTail } from './stderr-tail.ts'

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
  /** Also rejects with 'interrupted' when it was stopped, by its run's signal or by `stop`. */
  readonly finished: Promise<void>
  /** Ends it: SIGTERM, SIGKILL after a grace time. Resolves when it is gone; never rejects. */
  stop(): Promise<void>
}

/** A running program, and the end of what it says on stderr, secrets masked. */
export interface StartedProgram extends RunningProgram {
  readonly stderr: StderrTail
}

// Compose takes up to ten seconds by itself to stop what it started; killing it earlier leaves containers half stopped.
const graceMs = 12_000
const stderrPatienceMs = 2_000

/** Starts a program. Whoever calls reads stdout (or the program blocks) and awaits `finished`, which waits for no reader. */
export function startProgram(call: ProgramCall): StartedProgram {
  if (call.signal?.aborted) return failedProgram(wasInterrupted(call))
  try {
    return supervise(call, spawnGroup(call))
  } catch (error) {
    return failedProgram(cannotStart(call, error))
  }
}

const spawnGroup = (call: ProgramCall): ChildProcessWithoutNullStreams =>
  spawn(call.command, [...call.args], {
    cwd: call.cwd,
    env: { ...process.env, ...call.env },
    uid: call.uid,
    gid: call.gid,
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })

function supervise(call: ProgramCall, child: ChildProcessWithoutNullStreams): StartedProgram {
  // Without streams there was no room for pipes (EMFILE); the child never was.
  if (!child.stdin) {
    child.on('error', () => {})
    return failedProgram(cannotStart(call, new Error('EMFILE: too many open files')))
  }
  keepUnread(child)
  const stderr = keepTail(child.stderr, call)
  // A program may close its stdin early (EPIPE); whether that is a failure its exit code says, or `feedProgram`.
  child.stdin.on('error', () => {})
  let stopped = false
  const ended = endOf(child)
  const finished = ended.then(async end => {
    if (end.kind === 'unstarted') throw cannotStart(call, end.error)
    // Also with exit code 0: some programs end well when they are told to end early.
    if (stopped) throw wasInterrupted(call)
    await stderr.ended(stderrPatienceMs)
    hasExited(call, end, stderr.text())
  })
  finished.catch(() => {})
  const stop = async (): Promise<void> => {
    stopped = true
    await killGroup(child, ended, graceMs)
    child.stdin.destroy()
    child.stdout.destroy()
  }
  track(call, child, ended, () => {
    stopped = true
    void killGroup(child, ended, graceMs)
  })
  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, stderr, finished, stop }
}

/**
 * When a program has exited, Node lets flow what it wrote and nobody had begun to read by then (flushStdio in its
 * lib/internal/child_process.js): it would be lost without a word. Here it stays for who comes later.
 */
function keepUnread(child: ChildProcessWithoutNullStreams): void {
  const { stdout } = child
  child.once('exit', () => {
    if (stdout.readableFlowing !== null || stdout.listenerCount('readable') > 0) return
    stdout.resume = () => stdout
    const letFlow = () => void Reflect.deleteProperty(stdout, 'resume')
    // Node looks after it in the next tick but one, and not at all where nothing can be read any more.
    process.nextTick(() => process.nextTick(letFlow))
  })
}
