import { isatty } from 'node:tty'
import type { Throttles } from '../throttle.ts'
import type { SftpPlace } from './location.ts'
import { RemoteFiles } from './remote-files.ts'
import { SftpSession } from './session.ts'

export interface ConnectionOptions {
  readonly env: NodeJS.ProcessEnv
  /** See SessionOptions. */
  readonly connectMs: number
  readonly stallMs: number
  readonly throttles?: Throttles
}

/** One ssh process while it lasts, and a new one when it is needed again. */
export class SftpConnection {
  readonly #place: SftpPlace
  readonly #options: ConnectionOptions
  #session: Promise<SftpSession> | undefined
  #current: SftpSession | undefined
  #wasOpen = false
  /** Unfinished files that could not be removed when the connection broke. */
  readonly #leftBehind = new Set<string>()

  constructor(place: SftpPlace, options: ConnectionOptions) {
    this.#place = place
    this.#options = options
  }

  /** The files of the server, over a connection that works as far as is known. */
  async files(): Promise<RemoteFiles> {
    if (this.#current?.failed) this.#current = this.#session = undefined
    const opening = (this.#session ??= this.#open())
    return new RemoteFiles(await opening, this.#options.throttles)
  }

  /** Removes an unfinished file, now or over the next connection. */
  async discard(files: RemoteFiles, path: string): Promise<void> {
    this.#leftBehind.add(path)
    await this.#removeLeftBehind(files)
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined)
    this.#current = this.#session = undefined
    await session?.end()
  }

  async #open(): Promise<SftpSession> {
    try {
      this.#current = await SftpSession.open(this.#place, { ...this.#options, mayAsk: this.#mayAsk() })
      this.#wasOpen = true
      void this.#removeLeftBehind(new RemoteFiles(this.#current))
      return this.#current
    } catch (error) {
      this.#session = undefined
      throw error
    }
  }

  // Before work begins somebody is there to answer; later nobody may be, and the terminal shows how far the work is.
  #mayAsk(): boolean {
    return !this.#wasOpen && ([0, 1, 2].some(isatty) || this.#options.env['SSH_ASKPASS'] !== undefined)
  }

  async #removeLeftBehind(files: RemoteFiles): Promise<void> {
    for (const path of this.#leftBehind)
      await files.remove(path).then(
        () => this.#leftBehind.delete(path),
        () => {},
      )
  }
}
