import {
  counted,
  FieldReader,
  modeOnly,
  noAttributes,
  packetType,
  statusCode,
  uint32,
  uint64,
  type Attributes,
} from './packet.ts'
import type { Throttles } from '../throttle.ts'
import { inPieces } from './pieces.ts'
import { isStatus, type SftpSession } from './session.ts'

/** An entry of a folder, as the server lists it: a link is told as a link. */
export interface RemoteEntry {
  readonly name: string
  readonly attributes: Attributes
}

/** An open file or folder of the server, until it is closed. */
export type Handle = Uint8Array

// Every server takes packets of 32 KiB. So many under way fill the 2 MiB that ssh lets be under way.
const pieceBytes = 32 * 1024
const lanes = 64

const openFlags = { read: 1, write: 2, create: 8, exclusive: 32 }

/** What one can do with the files of the server. Everything rejects as `SftpSession.ask` does. */
export class RemoteFiles {
  readonly #session: SftpSession
  readonly #throttles: Throttles

  constructor(session: SftpSession, throttles: Throttles = {}) {
    this.#session = session
    this.#throttles = throttles
  }

  /** Attributes of what a path leads to, or undefined where it leads nowhere. */
  async stat(path: string): Promise<Attributes | undefined> {
    try {
      return attributesOf(await this.#session.ask(packetType.stat, counted(path)))
    } catch (error) {
      if (isStatus(error, statusCode.noSuchFile)) return undefined
      throw error
    }
  }

  open(path: string): Promise<Handle> {
    return this.#open(path, openFlags.read, noAttributes)
  }

  /** Makes a file that must not be there yet. */
  create(path: string, mode: number): Promise<Handle> {
    const { write, create, exclusive } = openFlags
    return this.#open(path, write | create | exclusive, modeOnly(mode))
  }

  async close(handle: Handle): Promise<void> {
    await this.#session.ask(packetType.close, counted(handle))
  }

  async sizeOf(handle: Handle): Promise<number> {
    return attributesOf(await this.#session.ask(packetType.fstat, counted(handle))).size ?? 0
  }

  /** Fills `into` from `offset`; returns how many bytes there were up to the end of the file. */
  async read(handle: Handle, into: Buffer, offset: number): Promise<number> {
    let end = into.length
    await inPieces(into.length, pieceBytes, lanes, async (at, length) => {
      await this.#throttles.download?.take(length)
      const done = await this.#readPiece(handle, into.subarray(at, at + length), offset + at)
      if (done < length) end = Math.min(end, at + done)
    })
    return end
  }

  async write(handle: Handle, bytes: Uint8Array): Promise<void> {
    await inPieces(bytes.length, pieceBytes, lanes, async (at, length) => {
      await this.#throttles.upload?.take(length)
      const piece = bytes.subarray(at, at + length)
      await this.#session.ask(packetType.write, counted(handle), uint64(at), uint32(length), piece)
    })
  }

  /** Whether the server can say that something is on its disk. */
  get canSync(): boolean {
    return this.#session.offers('fsync@openssh.com')
  }

  async sync(handle: Handle): Promise<void> {
    await this.#session.extended('fsync@openssh.com', counted(handle))
  }

  async setMode(handle: Handle, mode: number): Promise<void> {
    await this.#session.ask(packetType.fsetstat, counted(handle), modeOnly(mode))
  }

  /** Puts a file in the place of another. Servers without POSIX's rename refuse where one is: then that one is removed first. */
  async rename(from: string, to: string): Promise<void> {
    if (this.#session.offers('posix-rename@openssh.com'))
      return void (await this.#session.extended('posix-rename@openssh.com', counted(from), counted(to)))
    const rename = () => this.#session.ask(packetType.rename, counted(from), counted(to))
    try {
      await rename()
    } catch (error) {
      if (!isStatus(error, statusCode.failure) || !(await this.stat(to))) throw error
      await this.remove(to)
      await rename()
    }
  }

  async remove(path: string): Promise<void> {
    await this.#session.ask(packetType.remove, counted(path))
  }

  /** One that is there already is no error. */
  async makeFolder(path: string, mode: number): Promise<void> {
    try {
      await this.#session.ask(packetType.mkdir, counted(path), modeOnly(mode))
    } catch (error) {
      if (isStatus(error, statusCode.noSuchFile) || !(await this.stat(path))) throw error
    }
  }

  async list(folder: string): Promise<RemoteEntry[]> {
    const handle = handleOf(await this.#session.ask(packetType.opendir, counted(folder)))
    try {
      const entries: RemoteEntry[] = []
      for (;;) {
        const more = await this.#readFolder(handle)
        if (!more) return entries
        entries.push(...more)
      }
    } finally {
      void this.close(handle).catch(() => {})
    }
  }

  /** The free bytes where `path` lies, as far as the server says. */
  async freeBytes(path: string): Promise<number | undefined> {
    if (!this.#session.offers('statvfs@openssh.com')) return undefined
    const fields = new FieldReader((await this.#session.extended('statvfs@openssh.com', counted(path))).body)
    const [, blockBytes, , , available] = [0, 1, 2, 3, 4].map(() => fields.uint64())
    return blockBytes! * available!
  }

  async #open(path: string, flags: number, attributes: Buffer): Promise<Handle> {
    return handleOf(await this.#session.ask(packetType.open, counted(path), uint32(flags), attributes))
  }

  // A server may give less than was asked for, and only says at the next request that it was the end.
  async #readPiece(handle: Handle, into: Buffer, offset: number): Promise<number> {
    let done = 0
    try {
      while (done < into.length) {
        const request = [counted(handle), uint64(offset + done), uint32(into.length - done)]
        const bytes = new FieldReader((await this.#session.ask(packetType.read, ...request)).body).bytes()
        if (bytes.length === 0 || bytes.length > into.length - done)
          throw new Error('a part of another length than asked for')
        done += bytes.copy(into, done)
      }
    } catch (error) {
      if (!isStatus(error, statusCode.eof)) throw error
    }
    return done
  }

  async #readFolder(handle: Handle): Promise<RemoteEntry[] | undefined> {
    try {
      return entriesOf(await this.#session.ask(packetType.readdir, counted(handle)))
    } catch (error) {
      if (isStatus(error, statusCode.eof)) return undefined
      throw error
    }
  }
}

const handleOf = ({ body }: { readonly body: Buffer }): Handle => Buffer.from(new FieldReader(body).bytes())
const attributesOf = ({ body }: { readonly body: Buffer }): Attributes => new FieldReader(body).attributes()

function entriesOf({ body }: { readonly body: Buffer }): RemoteEntry[] {
  const fields = new FieldReader(body)
  return Array.from({ length: fields.uint32() }, () => {
    const name = fields.text()
    fields.bytes() // as `ls -l` shows it
    return { name, attributes: fields.attributes() }
  })
}
