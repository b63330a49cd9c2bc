import { randomInt } from 'node:crypto'
import { chmod, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

const errnoOf = (error: unknown): string => String((error as NodeJS.ErrnoException)?.code ?? '')

/** Whether `error` is a system error with one of the names, like ENOENT. */
export const isErrno = (error: unknown, ...names: string[]): boolean => names.includes(errnoOf(error))

// What a file system without fsync says.
const cannotSync = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** Makes the entries of a folder durable. Where a file system cannot sync folders (SMB, Windows), there is nothing to do. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(folder, 'r')
    await handle.sync()
  } catch (error) {
    if (!isErrno(error, ...cannotSync, 'EISDIR', 'EPERM')) throw error
  } finally {
    await handle?.close()
  }
}

/** Makes a folder, and those above it, such that all of them survive a power cut. One that exists is left alone. */
export async function makeFolderDurably(folder: string, mode: number): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode })
  if (!first) return
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await syncFolder(path.dirname(made))
}

/** Makes a folder in one that must be there, such that it survives a power cut. One that exists is left alone. */
export async function makeOneFolderDurably(folder: string, mode: number): Promise<void> {
  await mkdir(folder, { mode }).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error
  })
  await syncFolder(path.dirname(folder))
}

/**
 * Writes a file all or nothing: temporary file beside it, sync, rename, sync of the folder, read-only last. When it
 * resolves, the file survives a power cut; when it rejects, nothing of it is left. `mode` is the mode before its write
 * bits are taken away.
 */
export async function writeFileDurably(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  // The name must never look like a vault's file (64 hex digits), so that nobody takes a torn one for real.
  const temporary = temporaryBeside(file)
  try {
    await writeAndSync(temporary, bytes, mode)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
  await finishFile(file, mode)
}

/** Where something is written that becomes `file` when it is whole. */
export const temporaryBeside = (file: string): string => `${file}-tmp-${randomInt(2 ** 47)}`

/** The same for one that is written already, elsewhere on the same disk. When it rejects, that is left as it was. */
export async function moveFileDurably(from: string, file: string, mode: number): Promise<void> {
  const handle = await open(from, 'r+')
  await syncFile(handle).finally(() => handle.close())
  await rename(from, file)
  await finishFile(file, mode)
}

async function finishFile(file: string, mode: number): Promise<void> {
  await syncFolder(path.dirname(file))
  await takeWriteBits(file, mode)
}

async function writeAndSync(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    for (let done = 0; done < bytes.length;)
      done += (await handle.write(bytes, done, bytes.length - done, done)).bytesWritten
    await syncFile(handle)
  } finally {
    await handle.close()
  }
}

/** Makes what was written durable. Where a file system cannot sync files (some of FUSE), it takes care of that itself or nobody can. */
export async function syncFile(handle: FileHandle): Promise<void> {
  await handle.sync().catch((error: unknown) => {
    if (!isErrno(error, ...cannotSync)) throw error
  })
}

// exFAT and some network mounts have no modes; the file is as good there without.
async function takeWriteBits(file: string, mode: number): Promise<void> {
  await chmod(file, mode & ~0o222).catch((error: unknown) => {
    if (!isErrno(error, 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error
  })
}
