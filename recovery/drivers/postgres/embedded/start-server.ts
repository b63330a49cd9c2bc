import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RecoveryError } from '../../../domain/errors.ts'
import type { Run } from '../../../domain/run.ts'
import { findServerPrograms } from './server-programs.ts'
import { openListening, type Listening, type ListenOptions } from './listening.ts'
import { endLeftOver, readPidFile } from './pid-file.ts'
import { serverUser, type SystemUser } from './system-user.ts'

export interface StartOptions extends ListenOptions {
  readonly dataDirectory: string
  /** Settings as on the command line of `postgres`, over those of the data directory. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface RunningServer {
  /** For postgresByUrl; to database `postgres`. Holds the password that was given. */
  readonly url: string
  readonly pid: number
  /** Shuts it down in order; resolves when it has gone. */
  stop(): Promise<void>
}

/**
 * Starts a server on a data directory, with programs of that directory's major version, and resolves when it takes
 * connections: after its recovery, when it was restored. Rejects with restore-failed and the end of its log when it does
 * not come up. It is shut down when this process exits.
 */
export async function startServer(options: StartOptions, run: Run): Promise<RunningServer> {
  const dataDirectory = path.resolve(options.dataDirectory)
  const major = await dataMajor(dataDirectory)
  await endLeftOver(dataDirectory, run)
  const as = await serverUser(dataDirectory)
  const { folder } = await findServerPrograms(major, as, run)
  const listening = await openListening(options, dataDirectory, as)
  const settings = { ...ownSettings, ...listening.settings, ...options.settings }
  const server = launch(path.join(folder, 'postgres'), dataDirectory, settings, as)
  const stop = () => stopServer(server, listening)
  try {
    await ready(server, dataDirectory, run)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: listening.url, pid: server.child.pid ?? 0, stop }
}

// It is a guest here: what it would archive, log elsewhere, or restart after is not wanted.
const ownSettings = {
  logging_collector: 'off',
  log_destination: 'stderr',
  archive_mode: 'off',
  restart_after_crash: 'off',
}

async function dataMajor(dataDirectory: string): Promise<number> {
  const text = await readFile(path.join(dataDirectory, 'PG_VERSION'), 'utf8').catch(() => '')
  const major = Number.parseInt(text, 10)
  if (major > 0) return major
  throw new RecoveryError('restore-failed', `${dataDirectory} is no data directory of PostgreSQL: it has no PG_VERSION`)
}

interface Server {
  readonly child: ChildProcess
  readonly exited: Promise<void>
  /** The end of what it logged. */
  log(): string
}

function launch(
  program: string,
  dataDirectory: string,
  settings: Readonly<Record<string, string>>,
  as: SystemUser | undefined,
): Server {
  const args = ['-D', dataDirectory, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const stdio = ['ignore', 'ignore', 'pipe'] as ('ignore' | 'pipe')[]
  // A group of its own: Ctrl-C is for us, and we shut it down in order.
  const child = spawn(program, args, { cwd: dataDirectory, detached: true, stdio, ...as })
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-logChars)))
  const atExit = () => void child.kill('SIGINT')
  process.once('exit', atExit)
  const exited = new Promise<void>(resolve => {
    child.once('error', error => ((log += error.message), resolve()))
    child.once('exit', () => resolve())
  })
  void exited.then(() => process.off('exit', atExit))
  return { child, exited, log: () => log.trim() }
}

const logChars = 4000
const probeEveryMs = 25

/** The server itself writes 'ready' into its pid file: no password is needed to learn it. */
async function ready(server: Server, dataDirectory: string, run: Run): Promise<void> {
  let gone = false
  void server.exited.then(() => (gone = true))
  while ((await readPidFile(dataDirectory))?.state !== 'ready') {
    run.signal.throwIfAborted()
    if (gone) throw didNotStart(dataDirectory, server.log())
    await Promise.race([sleep(probeEveryMs), server.exited])
  }
}

const didNotStart = (dataDirectory: string, log: string): RecoveryError =>
  new RecoveryError(
    'restore-failed',
    `the server on ${dataDirectory} did not start:\n${log}`,
    /permission denied/i.test(log) ? { hint: outOfReach } : {},
  )

const outOfReach =
  'PostgreSQL does not run as root: run this as an ordinary user, or choose a folder that all users may pass'

// A fast shutdown writes a checkpoint, which can take its time; a server that needs longer than this hangs.
const shutdownMs = 5 * 60_000

async function stopServer({ child, exited }: Server, listening: Listening): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGINT')
    const patience = setTimeout(() => child.kill('SIGQUIT'), shutdownMs)
    await exited
    clearTimeout(patience)
  }
  await listening.close()
}
