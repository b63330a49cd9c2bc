import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RecoveryError } from '../../domain/errors.ts'

const script = path.join(import.meta.dirname, 'guardian.ts')
const readyPatienceMs = 30_000

// What the docker command itself goes by; nothing else of the environment is handed on.
const needed = /^(PATH|HOME|USER|TMPDIR|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|DOCKER_.*|SSH_.*|HTTPS?_PROXY|NO_PROXY)$/i

/** A guardian at its post. */
export interface Guardian {
  readonly pid: number
  /** Everything runs again: it may go. Resolves when it has. */
  dismiss(): Promise<void>
}

/** Starts the guardian of what `file` (a QuietFile) tells. Rejects when it is not ready: then nothing may be stopped. */
export async function startGuardian(file: string): Promise<Guardian> {
  // In a session of its own: neither Ctrl-C nor a kill of our whole group reaches it.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, file], {
    detached: true,
    cwd: '/',
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => needed.test(name))),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const ended = new Promise<'ended'>(resolve => {
    child.once('exit', () => resolve('ended'))
    child.once('error', () => resolve('ended'))
  })
  const ready = once(child.stdout, 'data').then(
    () => 'ready',
    () => 'ended',
  )
  const first = await Promise.race([ready, ended, sleep(readyPatienceMs, 'late', { ref: false })])
  child.stdout.destroy()
  if (first !== 'ready') throw notReady(child)
  child.unref()
  return { pid: child.pid!, dismiss: () => dismiss(child, ended) }
}

function notReady(child: ChildProcess): RecoveryError {
  child.kill('SIGKILL')
  return new RecoveryError(
    'tool-failed',
    'the process that would start the services again if this one were killed did not start; nothing was stopped',
    { hint: 'look at the memory and the number of processes of this machine, then run this again' },
  )
}

async function dismiss(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.ref()
  child.stdin?.end('done\n')
  await ended
}
