import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RecoveryError } from '../../../domain/errors.ts'
import type { Run } from '../../../domain/run.ts'
import { isOwnSocketFolder } from './listening.ts'

export interface PidFile {
  readonly pid: number
  readonly socketFolder: string
  /** 'starting', 'stopping', 'ready', 'standby'. */
  readonly state: string
}

/** `postmaster.pid`: pid, data directory, start, port, socket folder, address, shared memory, state, a line each. */
export async function readPidFile(dataDirectory: string): Promise<PidFile | undefined> {
  const text = await readFile(path.join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n').map(line => line.trim())
  const pid = Number(lines[0])
  return pid > 0 ? { pid, socketFolder: lines[4] ?? '', state: lines[7] ?? '' } : undefined
}

/**
 * Shuts down a server that a run which is gone left on this data directory. Rejects with target-exists when the server is
 * not one of ours. A pid file without a process is PostgreSQL's own business.
 */
export async function endLeftOver(dataDirectory: string, run: Run): Promise<void> {
  const file = await readPidFile(dataDirectory)
  if (!file || !isAlive(file.pid)) return
  if (!isOwnSocketFolder(file.socketFolder)) throw inUse(dataDirectory)
  process.kill(file.pid, 'SIGINT')
  while ((await readPidFile(dataDirectory))?.pid === file.pid && isAlive(file.pid)) {
    run.signal.throwIfAborted()
    await sleep(50)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const inUse = (dataDirectory: string): RecoveryError =>
  new RecoveryError('target-exists', `a PostgreSQL server is running on ${dataDirectory}`, {
    hint: 'stop it first, in the way it was started',
  })
