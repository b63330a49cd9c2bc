import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { startProgram, type RunningProgram } from '../process/program.ts'
import { clientEnvironment, type StartClient } from './client-programs.ts'
import { connectionEnvironment, type ConnectionSettings } from './connection-settings.ts'
import { findPrograms } from './find-programs.ts'

const neededPrograms = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql'] as const

/** Client programs of this machine. */
export interface UrlClients {
  /** Whether they are there, in a version that takes the server. */
  fit(run: Run): Promise<boolean>
  readonly start: StartClient
  close(): Promise<void>
}

/** `settings` at the time of the start; `serverMajor` asks the server. */
export function urlClients(
  settings: () => ConnectionSettings,
  serverMajor: (run: Run) => Promise<number>,
  applicationName: string,
): UrlClients {
  const running = new Set<RunningProgram>()
  let folder: string | undefined
  const find = async (run: Run): Promise<string | undefined> => {
    if (folder !== undefined) return folder
    const major = await serverMajor(run)
    // pg_dump refuses a server that is newer than itself; the nearest version writes what the server reads.
    return (folder = (await findPrograms(neededPrograms, run)).find(found => found.major >= major)?.folder)
  }
  const start: StartClient = async (argv, run) => {
    const place = await find(run)
    if (place === undefined) throw noClients(await serverMajor(run))
    const env = { ...clientEnvironment, ...connectionEnvironment(settings()), PGAPPNAME: applicationName }
    const [command = '', ...args] = argv
    const program = startProgram({ command: path.join(place, command), args, env, signal: run.signal })
    running.add(program)
    const ended = () => running.delete(program)
    program.finished.then(ended, ended)
    return program
  }
  return {
    fit: async run => (await find(run)) !== undefined,
    start,
    close: async () => void (await Promise.all([...running].map(program => program.stop()))),
  }
}

const noClients = (major: number): RecoveryError =>
  new RecoveryError('tool-missing', `pg_dump and its kind, version ${major} or newer, are not on this machine`, {
    hint: `install them (Debian, Ubuntu: apt install postgresql-client-${major}), or set method: physical in aidatavault.yml`,
  })
