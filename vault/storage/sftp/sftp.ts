import { randomInt } from 'node:crypto'
import path from 'node:path'
import { VaultError } from '../../errors.ts'
import { damaged } from '../../format/damaged.ts'
import { isId } from '../../format/id.ts'
import { Gate } from '../gate.ts'
import { dataFolders, folderTypes, storagePath } from '../layout.ts'
import { isTemporary } from '../leftovers.ts'
import type { FileType, Storage, StoredFile } from '../storage.ts'
import { SftpConnection, type ConnectionOptions } from './connection.ts'
import type { SftpPlace } from './location.ts'
import { statusCode, type Attributes } from './packet.ts'
import { inPieces } from './pieces.ts'
import type { Handle, RemoteEntry, RemoteFiles } from './remote-files.ts'
import { isStatus, SftpStatus } from './session.ts'

interface Modes {
  readonly folder: number
  readonly file: number
}

// As restic.
const connections = 5
// Each folder is three answers that are waited for; a far server is no reason to wait for 256 of them in a row.
const foldersAtOnce = 32
// Long, since a server may have to write all it has before it says that it is on disk.
const patience = { connectMs: 60_000, stallMs: 180_000 }

/** A vault in a folder of another machine, with restic's layout and modes, and the local storage's discipline of writing. */
export class SftpStorage implements Storage {
  readonly location: string
  readonly connections = connections
  readonly #folder: string
  readonly #connection: SftpConnection
  readonly #gate = new Gate(connections)
  /** Unfinished files that were seen when folders were listed, by their paths. */
  readonly #leftovers = new Map<string, Attributes>()
  #modes: Promise<Modes> | undefined

  constructor(place: SftpPlace, options: Pick<ConnectionOptions, 'env'> & Partial<ConnectionOptions>) {
    this.location = place.location
    this.#folder = place.folder
    this.#connection = new SftpConnection(place, { ...patience, ...options })
  }

  prepare(): Promise<void> {
    return this.#doing('prepare the folder', async files => {
      const { folder } = await this.#modesOfVault(files)
      await makeFolders(files, this.#folder, folder)
      const names = [...folderTypes, ...dataFolders].map(name => this.#at(name))
      await eachOf(names.slice(0, folderTypes.length), name => files.makeFolder(name, folder))
      await eachOf(names.slice(folderTypes.length), name => files.makeFolder(name, folder))
      for (const above of [this.#at('data'), this.#folder]) await syncFolder(files, above)
    })
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    if (type === 'config') {
      const size = await this.size('config', '')
      return size === undefined ? [] : [{ name: '', size }]
    }
    const lists: StoredFile[][] = []
    await this.#doing(`list ${type}`, files =>
      eachOf(
        type === 'data' ? dataFolders : [type],
        async folder => void lists.push(await this.#listFolder(files, type, folder)),
      ),
    )
    return lists.flat()
  }

  size(type: FileType, name: string): Promise<number | undefined> {
    const stored = storagePath(type, name)
    return this.#doing(`look for ${stored}`, async files => (await files.stat(this.#at(stored)))?.size)
  }

  load(type: FileType, name: string): Promise<Buffer> {
    return this.#reading(type, name, async (files, handle) => {
      const bytes = Buffer.allocUnsafeSlow(await files.sizeOf(handle))
      return bytes.subarray(0, await files.read(handle, bytes, 0))
    })
  }

  async loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length)
    const done = await this.#reading(type, name, (files, handle) => files.read(handle, bytes, offset))
    if (done === length) return bytes
    throw new VaultError('vault-damaged', `${storagePath(type, name)} ends before byte ${offset + length}`)
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (type !== 'config' && !isId(name)) throw new VaultError('bad-input', `not a name of a vault's file: ${name}`)
    const file = this.#at(storagePath(type, name))
    await this.#doing(`write ${storagePath(type, name)}`, async files => {
      const modes = await this.#modesOfVault(files)
      try {
        await this.#write(files, file, bytes, modes.file)
      } catch (error) {
        if (!isStatus(error, statusCode.noSuchFile)) throw await this.#fullOr(files, error, file, bytes.length)
        await this.#makeFolderOf(files, file, modes.folder)
        await this.#write(files, file, bytes, modes.file)
      }
    })
    if (type === 'config') this.#modes = undefined
  }

  remove(type: FileType, name: string): Promise<void> {
    const file = this.#at(storagePath(type, name))
    return this.#doing(`remove ${storagePath(type, name)}`, async files => {
      try {
        await files.remove(file)
      } catch (error) {
        if (isStatus(error, statusCode.noSuchFile)) return
        throw error
      }
      await syncFolder(files, path.posix.dirname(file))
    })
  }

  /** Those that were seen since the last time, so that no folder has to be listed again. */
  removeLeftovers(before: number): Promise<number> {
    return this.#doing('remove temporary files', async files => {
      let bytes = 0
      for (const [file, { mtime = Infinity, size = 0 }] of this.#leftovers) {
        this.#leftovers.delete(file)
        if (mtime * 1000 >= before) continue
        await files.remove(file)
        bytes += size
      }
      return bytes
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #at(name: string): string {
    return path.posix.join(this.#folder, name)
  }

  // Temporary file beside it, sync, rename, sync of the folder. Read-only once it is whole, as restic has it.
  async #write(files: RemoteFiles, file: string, bytes: Uint8Array, mode: number): Promise<void> {
    // The name must never look like a vault's file (64 hex digits), so that nobody takes a torn one for real.
    const temporary = `${file}-tmp-${randomInt(2 ** 47)}`
    const handle = await files.create(temporary, mode)
    try {
      await files.write(handle, bytes)
      await Promise.all([
        files.setMode(handle, mode & ~0o222).catch(unlessUnreachable),
        files.canSync && files.sync(handle),
        files.close(handle),
      ])
      await files.rename(temporary, file)
    } catch (error) {
      // An open file takes its space until it is closed.
      await files.close(handle).catch(() => {})
      await this.#connection.discard(files, temporary)
      throw error
    }
    await syncFolder(files, path.posix.dirname(file))
  }

  // A vault that went away is not begun anew: where its disk was unmounted, the one below would fill up unseen.
  async #makeFolderOf(files: RemoteFiles, file: string, mode: number): Promise<void> {
    if (!(await files.stat(this.#at('config'))))
      throw new VaultError('storage-failed', `the vault at ${this.location} went away`, {
        hint: 'see that its disk is there, and run it again',
      })
    await makeFolders(files, path.posix.dirname(file), mode)
  }

  async #listFolder(files: RemoteFiles, type: FileType, folder: string): Promise<StoredFile[]> {
    const entries = await files.list(this.#at(folder)).catch((error: unknown): RemoteEntry[] => {
      if (isStatus(error, statusCode.noSuchFile)) return []
      throw error
    })
    for (const { name, attributes } of entries)
      if (isTemporary(name)) this.#leftovers.set(this.#at(`${folder}/${name}`), attributes)
    // A file of `data` that lies in another's folder cannot be loaded by its name, so it is not there.
    const ours = entries.filter(({ name }) => isId(name) && storagePath(type, name) === `${folder}/${name}`)
    const sizes = await Promise.all(ours.map(entry => this.#sizeOf(files, folder, entry)))
    return ours.flatMap(({ name }, i) => (sizes[i] === undefined ? [] : [{ name, size: sizes[i] }]))
  }

  /** A link counts as what it leads to. */
  async #sizeOf(
    files: RemoteFiles,
    folder: string,
    { name, attributes: { size, mode } }: RemoteEntry,
  ): Promise<number | undefined> {
    const isLink = mode !== undefined && (mode & 0o170000) === 0o120000
    return size === undefined || isLink ? (await files.stat(this.#at(`${folder}/${name}`)))?.size : size
  }

  // The config file's permission bits are the setting: readable for the group means shared with the group.
  #modesOfVault(files: RemoteFiles): Promise<Modes> {
    this.#modes ??= files.stat(this.#at('config')).then(
      config => ((config?.mode ?? 0) & 0o040 ? { folder: 0o770, file: 0o660 } : { folder: 0o700, file: 0o600 }),
      (error: unknown) => {
        this.#modes = undefined
        throw error
      },
    )
    return this.#modes
  }

  // What the server's disk cannot give is damage of this one file: another copy of it, and all others, may be well.
  #reading<T>(type: FileType, name: string, read: (files: RemoteFiles, handle: Handle) => Promise<T>): Promise<T> {
    const stored = storagePath(type, name)
    return this.#doing(`read ${stored}`, async files => {
      const handle = await files.open(this.#at(stored))
      try {
        return await read(files, handle)
      } catch (error) {
        if (!isStatus(error, statusCode.failure)) throw error
        throw damaged(`${stored} is damaged: the server cannot read it (${(error as Error).message})`, error)
      } finally {
        void files.close(handle).catch(() => {})
      }
    })
  }

  #doing<T>(what: string, act: (files: RemoteFiles) => Promise<T>): Promise<T> {
    return this.#gate.through(async () => {
      try {
        return await act(await this.#connection.files())
      } catch (error) {
        throw error instanceof VaultError ? error : this.#failed(what, error)
      }
    })
  }

  // OpenSSH has one word for everything; whether the disk is full has to be looked at.
  async #fullOr(files: RemoteFiles, error: unknown, file: string, bytes: number): Promise<unknown> {
    if (!isStatus(error, statusCode.failure)) return error
    const free = await files.freeBytes(path.posix.dirname(file)).catch(() => undefined)
    if (free === undefined || free > bytes) return error
    return new VaultError('storage-full', `no space left to write in ${this.location}`, {
      hint: 'make room there (or raise the quota) and run it again; what was stored so far is kept and used',
      cause: error,
    })
  }

  #failed(what: string, cause: unknown): VaultError {
    const message = `could not ${what} in ${this.location}: ${cause instanceof Error ? cause.message : String(cause)}`
    if (isStatus(cause, statusCode.noSuchFile)) return new VaultError('file-missing', message, { cause })
    if (isStatus(cause, statusCode.permissionDenied))
      return new VaultError('storage-failed', message, { hint: `let this user read and write there`, cause })
    // A live server that fails may be busy, or out of files that it may open.
    return new VaultError('storage-failed', message, { cause, transient: isStatus(cause, statusCode.failure) })
  }
}

const eachOf = <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> =>
  inPieces(items.length, 1, foldersAtOnce, at => work(items[at]!))

/** Makes a folder and those above it, such that they survive a power cut of the server. */
async function makeFolders(files: RemoteFiles, folder: string, mode: number): Promise<void> {
  if (await files.stat(folder)) return
  const above = path.posix.dirname(folder)
  if (above !== folder) await makeFolders(files, above, mode)
  await files.makeFolder(folder, mode)
  await syncFolder(files, above)
}

// A folder can be opened as a file where the server is OpenSSH on a Unix; others look after their folders themselves.
async function syncFolder(files: RemoteFiles, folder: string): Promise<void> {
  if (!files.canSync) return
  try {
    const handle = await files.open(folder)
    await Promise.all([files.sync(handle), files.close(handle)])
  } catch (error) {
    unlessUnreachable(error)
  }
}

/** What the server answers is no matter; that it does not is. */
function unlessUnreachable(error: unknown): void {
  if (!(error instanceof SftpStatus)) throw error
}
