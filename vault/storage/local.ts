import { randomBytes } from 'node:crypto'
import { access, chmod, mkdir, open, readdir, readFile, rm, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { VaultError } from '../errors.ts'
import { damaged } from '../format/damaged.ts'
import { isId } from '../format/id.ts'
import {
  isErrno,
  makeFolderDurably,
  makeOneFolderDurably,
  moveFileDurably,
  syncFolder,
  temporaryBeside,
  writeFileDurably,
} from './durable.ts'
import { dataFolders, folderTypes, storagePath } from './layout.ts'
import { removeLeftovers } from './leftovers.ts'
import { localFailure } from './local-failure.ts'
import type { Drafts, FileType, Storage, StoredFile } from './storage.ts'

interface Modes {
  readonly folder: number
  readonly file: number
}

/** A vault in a folder of this machine, with restic's layout, modes and discipline of writing. */
export class LocalStorage implements Storage {
  readonly location: string
  #modes: Promise<Modes> | undefined

  /** `folder` is an absolute path. */
  constructor(folder: string) {
    this.location = folder
  }

  async prepare(): Promise<void> {
    await this.#doing('prepare the folder', async () => {
      const { folder } = await this.#modesOfVault()
      await makeFolderDurably(this.location, folder)
      const names = [...folderTypes, ...dataFolders].map(name => path.join(this.location, name))
      for (const name of names) await mkdir(name, { recursive: true, mode: folder })
      for (const above of ['data', '']) await syncFolder(path.join(this.location, above))
    })
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    if (type === 'config') {
      const size = await this.size('config', '')
      return size === undefined ? [] : [{ name: '', size }]
    }
    const folders = type === 'data' ? dataFolders : [type]
    const lists: (readonly StoredFile[])[] = []
    for (const folder of folders) lists.push(await this.#doing(`list ${folder}`, () => this.#listFolder(type, folder)))
    return lists.flat()
  }

  async size(type: FileType, name: string): Promise<number | undefined> {
    return this.#doing(`look for ${storagePath(type, name)}`, async () => {
      try {
        return (await stat(this.#path(type, name))).size
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
        throw error
      }
    })
  }

  async load(type: FileType, name: string): Promise<Buffer> {
    return this.#reading(type, name, file => readFile(file))
  }

  async loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length)
    const done = await this.#reading(type, name, file => readAt(file, bytes, offset))
    if (done === length) return bytes
    throw new VaultError('vault-damaged', `${storagePath(type, name)} ends before byte ${offset + length}`)
  }

  localPath(type: FileType, name: string): string {
    return this.#path(type, name)
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (type !== 'config' && !isId(name)) throw new VaultError('bad-input', `not a name of a vault's file: ${name}`)
    const file = this.#path(type, name)
    await this.#doing(`write ${storagePath(type, name)}`, () =>
      this.#withFolderOf(file, mode => writeFileDurably(file, bytes, mode)),
    )
    if (type === 'config') this.#modes = undefined
  }

  async drafts(count: number): Promise<Drafts> {
    // Beside packs, named like those that are being written, so that whoever tidies up finds them.
    const file = this.#path('data', randomBytes(32).toString('hex'))
    const { file: mode } = await this.#modesOfVault()
    await this.#doing('begin packs', () => this.#withFolderOf(file, () => access(path.dirname(file))))
    return { location: this.location, files: Array.from({ length: count }, () => temporaryBeside(file)), mode }
  }

  async saveDraft(type: FileType, name: string, draft: string): Promise<void> {
    const file = this.#path(type, name)
    await this.#doing(`write ${storagePath(type, name)}`, () =>
      this.#withFolderOf(file, mode =>
        moveFileDurably(draft, file, mode).catch(async (error: unknown) => {
          if (!isErrno(error, 'EXDEV')) throw error
          // Somebody has spread the folders over several disks.
          await writeFileDurably(file, await readFile(draft), mode)
          await unlink(draft)
        }),
      ),
    )
  }

  async removeDrafts({ files }: Drafts): Promise<void> {
    await this.#doing('remove temporary files', () => Promise.all(files.map(file => rm(file, { force: true }))))
  }

  async remove(type: FileType, name: string): Promise<void> {
    const file = this.#path(type, name)
    await this.#doing(`remove ${storagePath(type, name)}`, async () => {
      try {
        // Windows does not remove what is read-only.
        if (process.platform === 'win32') await chmod(file, 0o666)
        await unlink(file)
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return
        throw error
      }
      await syncFolder(path.dirname(file))
    })
  }

  async removeLeftovers(before: number): Promise<number> {
    return this.#doing('remove temporary files', () => removeLeftovers(this.location, before))
  }

  /** `write` is called with a file's mode; where the folder is not there, once more when it is. */
  async #withFolderOf(file: string, write: (mode: number) => Promise<void>): Promise<void> {
    const modes = await this.#modesOfVault()
    try {
      await write(modes.file)
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error
      await this.#makeFolderOf(file, modes.folder)
      await write(modes.file)
    }
  }

  // A vault that went away is not begun anew: where its disk was unmounted, the one below would fill up unseen.
  async #makeFolderOf(file: string, mode: number): Promise<void> {
    if ((await this.size('config', '')) === undefined)
      throw new VaultError('storage-failed', `the vault at ${this.location} went away`, {
        hint: 'see that its disk is there, and run it again',
      })
    let folder = this.location
    for (const name of path.relative(this.location, path.dirname(file)).split(path.sep))
      await makeOneFolderDurably((folder = path.join(folder, name)), mode)
  }

  #path(type: FileType, name: string): string {
    return path.join(this.location, ...storagePath(type, name).split('/'))
  }

  async #listFolder(type: FileType, folder: string): Promise<readonly StoredFile[]> {
    const names = await readdir(path.join(this.location, folder)).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return []
      throw error
    })
    // A file of `data` that lies in another's folder cannot be loaded by its name, so it is not there.
    const ours = names.filter(name => isId(name) && storagePath(type, name) === `${folder}/${name}`)
    const sizes = await Promise.all(ours.map(name => this.size(type, name)))
    return ours.flatMap((name, i) => (sizes[i] === undefined ? [] : [{ name, size: sizes[i] }]))
  }

  // The config file's permission bits are the setting: readable for the group means shared with the group.
  #modesOfVault(): Promise<Modes> {
    this.#modes ??= stat(path.join(this.location, 'config')).then(
      config => (config.mode & 0o040 ? { folder: 0o770, file: 0o660 } : { folder: 0o700, file: 0o600 }),
      () => ({ folder: 0o700, file: 0o600 }),
    )
    return this.#modes
  }

  // What the disk cannot give any more is damage of this one file: another copy of it, and all others, may be well.
  #reading<T>(type: FileType, name: string, read: (file: string) => Promise<T>): Promise<T> {
    const stored = storagePath(type, name)
    return this.#doing(`read ${stored}`, () =>
      read(this.#path(type, name)).catch((error: unknown) => {
        if (!isErrno(error, 'EIO', 'EBADMSG', 'EUCLEAN')) throw error
        throw damaged(`${stored} is damaged: the disk cannot read it (${(error as Error).message})`, error)
      }),
    )
  }

  async #doing<T>(what: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      throw error instanceof VaultError ? error : localFailure(this.location, what, error)
    }
  }
}

async function readAt(file: string, into: Buffer, offset: number): Promise<number> {
  const handle = await open(file, 'r')
  try {
    let done = 0
    while (done < into.length) {
      const { bytesRead } = await handle.read(into, done, into.length - done, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  } finally {
    await handle.close()
  }
}
