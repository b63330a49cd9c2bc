import fs from 'node:fs/promises'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { RecoveryError } from '../../domain/errors.ts'
import { fileSha256 } from '../file-sha256.ts'
import { syncFolder } from '../take-name.ts'
import { realTarget } from './real-target.ts'
import { draftOf } from './restore-config.ts'

/** One file of configuration to be written in place of what is there. */
export interface ConfigWrite {
  /** Absolute, links followed. */
  readonly target: string
  /** null: it is to be gone. */
  readonly bytes: Buffer | null
  readonly mode: number
  /** Where none is there whose owner it takes over. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  /** Absolute: where the old one is kept. */
  readonly kept: string
}

/** The same without content, for the journal. */
export interface WrittenConfig {
  readonly target: string
  readonly kept: string
  /** There was one before. */
  readonly had: boolean
  /** Of what is written; null: nothing. */
  readonly sha256: string | null
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Replaces one file, at one instant and durably; the old one keeps lying at `kept`. Can be done again after a kill. */
export async function writeConfig(write: ConfigWrite): Promise<void> {
  const { target, bytes, kept } = write
  const old = await fs.lstat(target).catch(() => undefined)
  if (old && !old.isFile())
    throw new RecoveryError('target-exists', `${target} is no file`, {
      hint: 'move it away and run the same command again',
    })
  if (old) await keep(target, kept)
  if (bytes === null) await fs.rm(target, { force: true })
  else await replace(target, bytes, write, old ?? write.owner)
  await syncFolder(path.dirname(target))
}

async function replace(
  target: string,
  bytes: Buffer,
  { mode }: ConfigWrite,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  await fs.mkdir(path.dirname(target), { recursive: true })
  const draft = draftOf(target)
  await fs.rm(draft, { force: true })
  try {
    const handle = await fs.open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
      if (owner && process.geteuid?.() === 0) await handle.chown(owner.uid, owner.gid)
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.rename(draft, target)
  } finally {
    await fs.rm(draft, { force: true })
  }
}

/** The very file under a second name, so that nothing of it changes; a copy on another file system. */
async function keep(target: string, kept: string): Promise<void> {
  await fs.mkdir(path.dirname(kept), { recursive: true, mode: 0o700 })
  if (await fs.lstat(kept).catch(() => undefined)) return
  await fs.link(target, kept).catch(async () => {
    const { mode, uid, gid, atime, mtime } = await fs.stat(target)
    await fs.copyFile(target, `${kept}.new`)
    if (process.geteuid?.() === 0) await fs.chown(`${kept}.new`, uid, gid)
    await fs.chmod(`${kept}.new`, mode & 0o7777)
    await fs.utimes(`${kept}.new`, atime, mtime)
    await fs.rename(`${kept}.new`, kept)
  })
  await syncFolder(path.dirname(kept))
}

/** Brings the old file back. What somebody wrote there since stays. */
export async function takeBackConfig({ target, kept, had, sha256 }: WrittenConfig): Promise<void> {
  await fs.rm(draftOf(target), { force: true })
  const now = await fileSha256(target)
  const isOurs = now === sha256 || (now === undefined && sha256 === null)
  if (!isOurs) return
  if (!had) return fs.rm(target, { force: true })
  if (!(await fs.lstat(kept).catch(() => undefined))) return
  await fs.rename(kept, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error
    await fs.cp(kept, draftOf(target), { preserveTimestamps: true })
    const { mode, uid, gid } = await fs.stat(kept)
    if (process.geteuid?.() === 0) await fs.chown(draftOf(target), uid, gid)
    await fs.chmod(draftOf(target), mode & 0o7777)
    await fs.rename(draftOf(target), target)
  })
  await syncFolder(path.dirname(target))
}

export { realTarget }
