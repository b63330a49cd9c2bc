import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { VaultError } from '../../errors.ts'
import type { SftpPlace } from './location.ts'

export type SshChild = ChildProcessByStdio<Writable, Readable, Readable>

export interface SshOptions {
  readonly env: NodeJS.ProcessEnv
  /** Whether ssh may ask at the terminal. Its own files and agent are asked either way. */
  readonly mayAsk: boolean
}

/**
 * The user's own ssh with the server's sftp at its other end: so ~/.ssh/config, known_hosts, agents and jump hosts count.
 * As restic has it with `sftp.command` and `sftp.args`, AIDATAVAULT_SFTP_COMMAND replaces all of the command line, and
 * AIDATAVAULT_SFTP_ARGS adds options to it. It ends when its input does, also when this process was killed.
 */
export function startSsh(place: SftpPlace, { env, mayAsk }: SshOptions): SshChild {
  const args = sshArguments(place, mayAsk)
  const stdio: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe']
  if (process.platform === 'win32') return spawn('ssh', args, { env, stdio, windowsHide: true })
  return spawn('sh', ['-c', script(env), 'sh', ...args], { env, stdio })
}

// Ctrl-C reaches every process of the terminal. We still need the connection then, to take our lock away; ssh leaves a
// signal alone that was ignored when it began. The words of the environment are the user's own, for the user's own shell.
function script({ AIDATAVAULT_SFTP_COMMAND: command, AIDATAVAULT_SFTP_ARGS: args = '' }: NodeJS.ProcessEnv): string {
  return `trap '' HUP INT QUIT; exec ${command ? command : `ssh ${args} "$@"`}`
}

function sshArguments({ host, user, port }: SftpPlace, mayAsk: boolean): string[] {
  return [
    ...(mayAsk ? [] : ['-o', 'BatchMode=yes']),
    ...(port === undefined ? [] : ['-p', port]),
    ...(user === undefined ? [] : ['-l', user]),
    host,
    '-s',
    'sftp',
  ]
}

// ssh ends with 255 for each of its own failures; what it was is in its words alone.
const permanent: readonly (readonly [RegExp, string])[] = [
  [
    /permission denied|too many authentication failures|no more authentication methods/i,
    'see that ssh logs in by itself (with a key, an agent or ~/.ssh/config); it can ask for a password on a terminal only, before work begins',
  ],
  [
    /host key verification failed|host identification has changed/i,
    'connect once with ssh by hand and compare the key of the host; then it is in ~/.ssh/known_hosts',
  ],
  [/name or service not known|nodename nor servname/i, 'check the name of the host in the location, and the network'],
  [/subsystem request failed/i, 'the server allows ssh but no SFTP: switch its subsystem sftp on'],
  [/bad configuration option|terminating, \d+ bad/i, 'correct the configuration of ssh'],
]

/** Why ssh ended, as an error for people; `said` is the end of what it wrote. */
export function sshFailure(place: SftpPlace, exitCode: number | null, said: string, command?: string): VaultError {
  const known = permanent.find(([pattern]) => pattern.test(said))
  const why = lastLine(said) || (exitCode === null ? 'the connection was cut' : `ssh ended with ${exitCode}`)
  const program = exitCode === 127 || exitCode === 126
  const hint =
    known?.[1] ??
    (program
      ? `install OpenSSH's client${command ? ', or correct AIDATAVAULT_SFTP_COMMAND' : ''}`
      : 'check the network and the server')
  return new VaultError('storage-failed', `${place.location} cannot be used: ${why}`, {
    hint,
    transient: !known && !program,
  })
}

const lastLine = (said: string): string => said.trim().split('\n').at(-1)!.trim()
