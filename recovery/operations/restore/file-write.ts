import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import { restoring } from '../../sources/disk-error.ts'
import { fileSha256 } from '../../sources/file-sha256.ts'
import { syncFolder } from '../../journal/replace-file.ts'

/** Writes a file or link at a path where nothing is, with owner (where this user may), permissions and time; durable. */
export const writeEntry = (entry: FileEntry, file: string): Promise<void> =>
  restoring(file, async () => {
    const isRoot = process.geteuid?.() === 0
    await makeFolder(path.dirname(file))
    if (entry.type === 'symlink') {
      await fs.symlink(Buffer.from(entry.linkTarget ?? []), file)
      if (isRoot) await fs.lchown(file, entry.uid, entry.gid)
      return syncFolder(path.dirname(file))
    }
    // For its owner alone while it is written.
    const handle = await fs.open(file, 'wx', 0o600)
    try {
      if (entry.bytes) await handle.writeFile(entry.bytes)
      if (isRoot) await handle.chown(entry.uid, entry.gid)
      await handle.chmod(entry.mode)
      await handle.utimes(Date.now() / 1000, Number(entry.mtime) / 1e9)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await syncFolder(path.dirname(file))
  })

/** Folders that are missing get the owner of the one that they are made in. */
async function makeFolder(folder: string): Promise<void> {
  const first = await fs.mkdir(folder, { recursive: true })
  if (first === undefined || process.geteuid?.() !== 0) return
  const { uid, gid } = await fs.stat(path.dirname(first))
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await fs.chown(made, uid, gid)
}

/** A file or link of this machine, to write elsewhere; undefined: nothing is there. */
export async function entryAt(file: string): Promise<FileEntry | undefined> {
  const stats = await fs.lstat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (!stats) return undefined
  const shared = {
    ...{ path: Buffer.from(path.basename(file)), mode: Number(stats.mode & 0o7777n), mtime: stats.mtimeNs },
    ...{ uid: Number(stats.uid), gid: Number(stats.gid), user: '', group: '', size: stats.size },
  }
  if (stats.isSymbolicLink())
    return { ...shared, type: 'symlink', size: 0n, linkTarget: await fs.readlink(file, 'buffer') }
  return { ...shared, type: 'file', bytes: createReadStream(file) }
}

/** Moves it to a place where nothing is, also onto another file system; cut off, it can be done again. */
export async function moveFile(file: string, to: string): Promise<void> {
  await fs.mkdir(path.dirname(to), { recursive: true, mode: 0o700 })
  try {
    await fs.rename(file, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const draft = `${to}.new`
    await fs.rm(draft, { force: true })
    const entry = await entryAt(file)
    if (entry) await writeEntry(entry, draft)
    if (entry?.type === 'file' && (await fileSha256(draft)) !== (await fileSha256(file)))
      throw new RecoveryError('verification-failed', `${file} became another file while it was moved to ${to}`)
    await fs.rename(draft, to)
    await syncFolder(path.dirname(to))
    await fs.rm(file)
  }
  for (const folder of new Set([file, to].map(name => path.dirname(name)))) await syncFolder(folder)
}
