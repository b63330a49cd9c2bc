import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { VaultError } from '../errors.ts'

// Its input and output are one socket: over two pipes joined to one stream, Node's HTTP/2 fails an assertion of its own
// where rclone ends while something is being written, and takes the whole program with it.
const overSocket = 'exec "$0" "$@" <&3 >&3 3>&-'
const shellCannotRun = 126
const shellFoundNoProgram = 127

/** rclone, serving one place by restic's REST protocol over its standard input and output: no port, no credentials. */
export class RcloneProcess {
  /** What it reads and writes. */
  readonly wire: Socket
  /** Resolves when it has ended, with why. */
  readonly ended: Promise<VaultError>
  readonly #child: ChildProcess
  readonly #remote: string
  // What it said last, for errors.
  readonly #said: string[] = []

  /** Rejects nothing: that rclone is not there or cannot serve the place is told by `ended`. */
  constructor(program: string, remote: string, env: NodeJS.ProcessEnv, options: readonly string[] = []) {
    this.#remote = remote
    // When its input ends, so does it: also when this process is killed. It asks nobody for the password of its own settings.
    const serve = ['serve', 'restic', '--stdio', '--b2-hard-delete', ...options, '--', remote]
    this.#child = spawn('/bin/sh', ['-c', overSocket, program, ...serve], {
      env: { RCLONE_ASK_PASSWORD: 'false', ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    createInterface(this.#child.stderr as Readable).on('line', line => {
      this.#said.push(line)
      if (this.#said.length > keptLines) this.#said.shift()
    })
    this.wire = this.#child.stdio[3] as Socket
    this.wire.on('error', () => {})
    this.ended = new Promise(resolve => {
      this.#child.once('error', error => resolve(notStarted(program, error)))
      this.#child.once('close', (code, signal) => {
        if (code === shellFoundNoProgram) resolve(missing(program))
        else resolve(code === shellCannotRun ? notExecutable(program) : this.#endedWith(code ?? signal))
      })
    })
  }

  /** What it said last that tells of a failure, without the time in front; each is told once. */
  takeComplaint(): string | undefined {
    return this.#said.splice(0).map(withoutTime).findLast(isComplaint)
  }

  /** Ends it, by the end of its input; a while later by force. */
  async end(): Promise<void> {
    this.wire.destroy()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endMs)
    await this.ended
    clearTimeout(timer)
  }

  #endedWith(code: number | string | null): VaultError {
    const complaint = this.takeComplaint()
    const why = complaint === undefined ? `ended with ${code}` : `says: ${complaint}`
    return new VaultError('storage-failed', `rclone, which was to serve ${this.#remote}, ${why}`, {
      hint: `see whether this works: rclone lsd ${this.#remote}`,
      transient: code === 'SIGKILL',
    })
  }
}

const keptLines = 20
const endMs = 5000

const withoutTime = (line: string): string => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '')
const isComplaint = (line: string): boolean => /^(?:ERROR|CRITICAL|Failed|Fatal|Error|.*failed)/.test(line)

const missing = (program: string) =>
  new VaultError('storage-failed', `there is no program ${program} on this machine`, {
    hint: 'install rclone, and set up the remote with: rclone config',
  })

const notExecutable = (program: string) =>
  new VaultError('storage-failed', `${program} cannot be started: this user may not execute it, or it is no program`, {
    hint: 'see what it is, or install rclone anew',
  })

const notStarted = (program: string, cause: Error) =>
  new VaultError('storage-failed', `${program} cannot be started: ${cause.message}`, { cause })
