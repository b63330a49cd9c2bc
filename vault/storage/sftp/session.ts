import { VaultError } from '../../errors.ts'
import type { SftpPlace } from './location.ts'
import { counted, FieldReader, PacketSplitter, packetType, statusCode, uint32, type Packet } from './packet.ts'
import { sshFailure, startSsh, type SshChild, type SshOptions } from './ssh-process.ts'

/** An answer of the server that is no success. */
export class SftpStatus extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'SftpStatus'
    this.code = code
  }
}

export const isStatus = (error: unknown, code: number): boolean => error instanceof SftpStatus && error.code === code

interface Waiting {
  readonly resolve: (packet: Packet) => void
  readonly reject: (error: unknown) => void
}

export interface SessionOptions extends SshOptions {
  /** Where ssh asks nobody: for so long it may take to log in. */
  readonly connectMs: number
  /** Nothing came and nothing went for so long, with requests waiting: the connection is given up. */
  readonly stallMs: number
}

// What ssh says last is what matters; a server's banner may be long.
const keptWords = 4096
const endingMs = 2000
const lastWordsMs = 1000

/** One ssh process. Any number of requests may be under way at once. Once it has failed, it fails for good. */
export class SftpSession {
  readonly #place: SftpPlace
  readonly #child: SshChild
  readonly #options: SessionOptions
  readonly #waiting = new Map<number, Waiting>()
  readonly #version = Promise.withResolvers<Packet>()
  readonly #exited: Promise<void>
  #extensions: ReadonlySet<string> = new Set()
  #said = ''
  #failure: VaultError | undefined
  #nextId = 0
  #lastSign = 0
  #watch: NodeJS.Timeout | undefined

  private constructor(place: SftpPlace, options: SessionOptions) {
    this.#place = place
    this.#options = options
    this.#child = startSsh(place, options)
    this.#exited = this.#listen()
  }

  /** Resolves when the server has said that it speaks SFTP. There may be a question at the terminal before: as long as it takes. */
  static async open(place: SftpPlace, options: SessionOptions): Promise<SftpSession> {
    const session = new SftpSession(place, options)
    // A person may take long to answer ssh's questions.
    const timer = options.mayAsk ? undefined : setTimeout(() => session.#giveUp(), options.connectMs)
    try {
      session.#write([uint32(5), Buffer.from([packetType.init]), uint32(3)])
      session.#extensions = parseVersion(await session.#version.promise)
      session.#rest()
      return session
    } catch (error) {
      await session.end()
      throw error instanceof VaultError ? error : session.#strange(error)
    } finally {
      clearTimeout(timer)
    }
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Whether the server has an extension, as `posix-rename@openssh.com`. */
  offers(extension: string): boolean {
    return this.#extensions.has(extension)
  }

  /** Sends a request; the answer's body comes without its id. Rejects with SftpStatus, or a VaultError when the connection failed. */
  async ask(type: number, ...fields: Uint8Array[]): Promise<Packet> {
    if (this.#failure) throw this.#failure
    const id = (this.#nextId = (this.#nextId + 1) >>> 0)
    const answer = new Promise<Packet>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    const length = fields.reduce((sum, { length }) => sum + length, 5)
    this.#work()
    this.#write([Buffer.concat([uint32(length), Buffer.from([type]), uint32(id)]), ...fields])
    return throwStatus(await answer)
  }

  extended(extension: string, ...fields: Uint8Array[]): Promise<Packet> {
    return this.ask(packetType.extended, counted(extension), ...fields)
  }

  /** Ends ssh; what still waits fails. */
  async end(): Promise<void> {
    this.#fail(
      new VaultError('storage-failed', `the connection to ${this.#place.location} was closed`, { transient: true }),
    )
    const { stdin, stdout, stderr } = this.#child
    stdin.end()
    // A master connection of ssh that outlives it may hold these.
    for (const end of [stdout, stderr]) end.destroy()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), endingMs)
    await this.#exited
    clearTimeout(timer)
  }

  #listen(): Promise<void> {
    const { stdin, stdout, stderr } = this.#child
    const splitter = new PacketSplitter()
    stdin.on('error', () => {}).on('drain', () => this.#sign())
    stderr.on('data', (piece: Buffer) => (this.#said = (this.#said + piece.toString()).slice(-keptWords)))
    stdout.on('data', (piece: Buffer) => {
      this.#sign()
      try {
        for (const packet of splitter.push(piece)) this.#take(packet)
      } catch (error) {
        this.#fail(this.#strange(error))
        this.#child.kill('SIGKILL')
      }
    })
    return new Promise(resolve => {
      const over = (exitCode: number | null, words?: string) => {
        const { AIDATAVAULT_SFTP_COMMAND: command } = this.#options.env
        this.#fail(sshFailure(this.#place, exitCode, words ?? this.#said, command))
        resolve()
      }
      this.#child.on('error', error => over(127, error.message))
      this.#child.on('close', exitCode => over(exitCode))
      // Its last words come before the close, which a master connection may put off for hours.
      this.#child.on('exit', exitCode => setTimeout(() => over(exitCode), lastWordsMs))
    })
  }

  #take(packet: Packet): void {
    if (packet.type === packetType.version) return this.#version.resolve(packet)
    const id = packet.body.readUInt32BE(0)
    const waiting = this.#waiting.get(id)
    if (!waiting) throw new Error('an answer to no question')
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#rest()
    waiting.resolve({ type: packet.type, body: packet.body.subarray(4) })
  }

  #write(pieces: readonly Uint8Array[]): void {
    const { stdin } = this.#child
    stdin.cork()
    for (const piece of pieces) stdin.write(piece)
    stdin.uncork()
  }

  #fail(failure: VaultError): void {
    if (this.#failure) return
    this.#failure = failure
    clearTimeout(this.#watch)
    this.#version.promise.catch(() => {})
    this.#version.reject(failure)
    for (const { reject } of this.#waiting.values()) reject(failure)
    this.#waiting.clear()
  }

  #strange(cause: unknown): VaultError {
    return new VaultError(
      'storage-failed',
      `${this.#place.location} cannot be used: what answers there does not speak SFTP`,
      {
        hint: "a shell's start-up file on the server that prints something is a common cause",
        cause,
      },
    )
  }

  #sign(): void {
    this.#lastSign = performance.now()
  }

  /** An idle connection keeps no program from ending; one with requests does. */
  #rest(): void {
    clearTimeout(this.#watch)
    this.#watch = undefined
    this.#keepAlive(false)
  }

  #work(): void {
    if (this.#watch) return
    this.#keepAlive(true)
    this.#sign()
    this.#watchFor(this.#options.stallMs)
  }

  #watchFor(ms: number): void {
    this.#watch = setTimeout(() => {
      const left = this.#lastSign + this.#options.stallMs - performance.now()
      if (left > 0) return this.#watchFor(left)
      this.#giveUp()
    }, ms)
  }

  #giveUp(): void {
    const details = { hint: 'check the network and the server', transient: true }
    this.#fail(new VaultError('storage-failed', `${this.#place.location} does not answer`, details))
    this.#child.kill('SIGKILL')
  }

  #keepAlive(on: boolean): void {
    const { stdin, stdout, stderr } = this.#child
    for (const end of [this.#child, stdin, stdout, stderr] as { ref?(): void; unref?(): void }[])
      if (on) end.ref?.()
      else end.unref?.()
  }
}

/** The names of the extensions that the server has. */
function parseVersion({ body }: Packet): ReadonlySet<string> {
  const fields = new FieldReader(body)
  if (fields.uint32() < 3) throw new Error('the server speaks an old SFTP')
  const names = new Set<string>()
  while (!fields.ended) {
    names.add(fields.text())
    fields.bytes()
  }
  return names
}

function throwStatus(packet: Packet): Packet {
  if (packet.type !== packetType.status) return packet
  const fields = new FieldReader(packet.body)
  const code = fields.uint32()
  if (code === statusCode.ok) return packet
  throw new SftpStatus(code, fields.ended ? `status ${code}` : fields.text() || `status ${code}`)
}
