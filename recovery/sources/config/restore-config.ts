import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ConfigFile } from '../../../contract/manifest.ts'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { PointReader } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import { below } from '../byte-path.ts'
import { restoring } from '../disk-error.ts'
import { fileSha256 } from '../file-sha256.ts'
import { syncFolder, takeName } from '../take-name.ts'
import { realTarget } from './real-target.ts'

/** Readable by their owner alone, whatever they were. */
const privateMode = 0o600
const privateKinds: readonly ConfigFile['kind'][] = ['env', 'secret']

export const modeToBe = ({ kind, mode }: ConfigFile): number => (privateKinds.includes(kind) ? privateMode : mode)

/** Where a configuration file lies for a project in `root`. */
export const configPath = (root: string, { path: file }: ConfigFile): string => path.resolve(root, file)

/**
 * Brings configuration files back, each whole or not at all. One that is there with the same content stays and gets the
 * right permissions; one with another content is never overwritten: target-exists, naming it, before anything is written.
 */
export const restoreConfig = (
  files: readonly ConfigFile[],
  reader: PointReader,
  root: string,
  run: Run,
): Promise<void> => restoring('the configuration', () => restoreAll(files, reader, root, run))

async function restoreAll(files: readonly ConfigFile[], reader: PointReader, root: string, run: Run): Promise<void> {
  const missing: ConfigFile[] = []
  for (const file of files) if (!(await isThere(file, root))) missing.push(file)
  for (const file of missing) {
    run.signal.throwIfAborted()
    // One may be a link to another that is back by now.
    if (!(await isThere(file, root))) await bringBack(file, reader, root)
  }
  for (const file of files) if (await isInProject(file, root)) await fs.chmod(configPath(root, file), modeToBe(file))
}

/** Outside, also where a link leads there, a file that was there already belongs to others too: it stays as it is. */
export async function isInProject(file: ConfigFile, root: string): Promise<boolean> {
  if (path.isAbsolute(file.path)) return false
  const [place, top] = await Promise.all([fs.realpath(configPath(root, file)), fs.realpath(root)])
  return below(top, place) !== undefined
}

async function isThere(file: ConfigFile, root: string): Promise<boolean> {
  const target = configPath(root, file)
  await fs.rm(draftOf(await realTarget(target)), { force: true })
  const found = await fileSha256(target)
  if (found === undefined || found === file.sha256) return found !== undefined
  throw differs(target)
}

const differs = (target: string) =>
  new RecoveryError('target-exists', `${target} exists already and has another content`, {
    hint: 'compare it with the one in the point, then move it away and run the same command again',
  })

async function bringBack(file: ConfigFile, reader: PointReader, root: string): Promise<void> {
  const target = await realTarget(configPath(root, file))
  await makeFolder(path.dirname(target), root)
  for await (const entry of reader.entries(file.inPoint)) {
    if (entry.type !== 'file') break
    return writeAtOnce(target, file, entry)
  }
  throw new RecoveryError('restore-failed', `the point holds no file for ${file.path}`)
}

/** Under another name first; takes its own name only when complete and on disk, and only if nothing has taken it meanwhile. */
async function writeAtOnce(target: string, file: ConfigFile, entry: FileEntry): Promise<void> {
  const draft = draftOf(target)
  try {
    await writeDraft(draft, file, entry)
    if ((await fileSha256(draft)) !== file.sha256) throw damaged(file)
    await takeName(draft, target)
  } finally {
    await fs.rm(draft, { force: true })
  }
  await syncFolder(path.dirname(target))
}

/** The same each time, so that one left behind by a killed run goes away in the next. */
export const draftOf = (target: string) =>
  path.join(
    path.dirname(target),
    `.aidatavault-recovery-${createHash('sha256').update(target).digest('hex').slice(0, 12)}`,
  )

async function writeDraft(draft: string, file: ConfigFile, entry: FileEntry): Promise<void> {
  const handle = await fs.open(draft, 'wx', privateMode)
  try {
    await fs.writeFile(handle, entry.bytes!)
    if (process.geteuid?.() === 0) await handle.chown(entry.uid, entry.gid)
    await handle.chmod(modeToBe(file))
    // To a quarter of a microsecond, which is what a number holds.
    const seconds = Number(entry.mtime) / 1e9
    await handle.utimes(seconds, seconds)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const damaged = (file: ConfigFile) =>
  new RecoveryError('restore-failed', `the point gave another content for ${file.path} than its manifest says`)

/** Folders that are missing below the root belong to whom the root belongs. */
async function makeFolder(folder: string, root: string): Promise<void> {
  const first = await fs.mkdir(folder, { recursive: true })
  if (first === undefined || process.geteuid?.() !== 0 || path.relative(root, first).startsWith('..')) return
  const { uid, gid } = await fs.stat(root)
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await fs.chown(made, uid, gid)
}
