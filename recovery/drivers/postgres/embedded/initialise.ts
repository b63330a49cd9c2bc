import { chown, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../../domain/errors.ts'
import type { Run } from '../../../domain/run.ts'
import { runProgram } from '../../process/run-program.ts'
import { quoteIdentifier, quoteLiteral } from '../sql-text.ts'
import { findServerPrograms } from './server-programs.ts'
import { serverUser } from './system-user.ts'

export interface InitialiseOptions {
  /** Must be absent or empty. */
  readonly dataDirectory: string
  /** The superuser. */
  readonly user: string
  readonly password: string
  /** Otherwise the npm package's, or the newest of the machine. */
  readonly major?: number
}

const ownRules = `# Passwords everywhere, the local socket included.
local all all scram-sha-256
local replication all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
host replication all ::1/128 scram-sha-256
`

/** Makes a new, empty data directory whose server asks everyone for a password. */
export async function initialiseServer(options: InitialiseOptions, run: Run): Promise<void> {
  const { dataDirectory, user, password } = options
  const as = await serverUser(dataDirectory)
  const { folder } = await findServerPrograms(options.major, as, run)
  // What is above it the server's user must be able to pass.
  await mkdir(path.dirname(dataDirectory), { recursive: true })
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  if (as) await chown(dataDirectory, as.uid, as.gid)
  const call = (program: string, args: readonly string[]) => ({
    command: path.join(folder, program),
    args,
    cwd: dataDirectory,
    signal: run.signal,
    secrets: [password],
    env: { LC_ALL: 'C' },
    ...as,
  })
  const how = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--data-checksums']
  await runProgram(call('initdb', ['-D', dataDirectory, '-U', user, ...how])).catch(unreachableFolder(dataDirectory))
  // Before 14 a server hashes passwords with MD5 unless told. Each line is a command.
  const script = `SET password_encryption = 'scram-sha-256';\nALTER ROLE ${quoteIdentifier(user)} PASSWORD ${quoteLiteral(singleLine(password))};\n`
  await runProgram(call('postgres', ['--single', '-D', dataDirectory, 'postgres']), { input: script })
  await writeFile(path.join(dataDirectory, 'pg_hba.conf'), ownRules)
}

function singleLine(password: string): string {
  if (!/[\n\0]/.test(password)) return password
  throw new RecoveryError('bad-input', 'a password of a database must not hold a line break')
}

const unreachableFolder = (folder: string) => (error: unknown) => {
  if (error instanceof RecoveryError && /permission denied/i.test(error.message))
    throw new RecoveryError('restore-failed', `the user that the server runs as cannot reach ${folder}`, {
      hint: 'PostgreSQL does not run as root: run this as an ordinary user, or choose a folder that all users may pass',
      cause: error,
    })
  throw error
}
