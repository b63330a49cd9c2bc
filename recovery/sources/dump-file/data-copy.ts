import { createHash } from 'node:crypto'
import { createReadStream, type Dirent } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { Run } from '../../domain/run.ts'
import { readTar } from '../../drivers/docker/tar.ts'
import { foreign, type DataCopy } from './dump-file.ts'
import { fileBytes } from './open-file.ts'

/** Who owns a data directory in its image, and where in the volume it lies ('' is the top). */
export interface DataPlace {
  readonly uid: number
  readonly gid: number
  readonly inVolume: string
}

export interface DataFacts {
  /** PG_VERSION. */
  readonly major: number
  readonly sha256: string
  readonly modifiedAt: Date
}

/**
 * The files of a copied data directory as its server wants them: its owner, 0700 and 0600, whatever the copying made of that.
 * What a server that ran left of itself (postmaster.pid) stays behind. Rejects with file-unrecognized where the tar breaks off.
 */
export async function* dataEntries(copy: DataCopy, place: DataPlace, run: Run): AsyncGenerator<FileEntry> {
  const owner = { uid: place.uid, gid: place.gid, user: '', group: '' }
  const steps = place.inVolume === '' ? [] : place.inVolume.split('/')
  for (const at of [0, ...steps.map((_, index) => index + 1)])
    yield folder(owner, steps.slice(0, at).join('/'), at === steps.length ? 0o700 : 0o755)
  for await (const entry of rawEntries(copy, run)) {
    const name = Buffer.from(entry.path).toString('latin1')
    if (name === '' || leftBehind.test(name) || !['file', 'dir', 'symlink'].includes(entry.type)) continue
    const inVolume = Buffer.from([...steps, name].join('/'), 'latin1')
    yield {
      ...entry,
      ...owner,
      path: inVolume,
      mode: entry.type === 'dir' ? 0o700 : entry.type === 'file' ? 0o600 : 0o777,
    }
  }
}

const leftBehind = /^(postmaster\.(pid|opts)|\.s\.PGSQL\..*)$/

const folder = (
  owner: { uid: number; gid: number; user: string; group: string },
  name: string,
  mode: number,
): FileEntry => ({
  ...owner,
  ...{ path: Buffer.from(name), type: 'dir', mode, mtime: BigInt(Date.now()) * 1_000_000n, size: 0n },
})

/** What lies there, from the folder that has PG_VERSION on. */
const rawEntries = (copy: DataCopy, run: Run): AsyncGenerator<FileEntry> =>
  copy.kind === 'data-folder' ? folderEntries(copy.file, '', run) : tarEntries(copy, run)

async function* folderEntries(top: string, below: string, run: Run): AsyncGenerator<FileEntry> {
  const found = await fs
    .readdir(path.join(top, below), { withFileTypes: true })
    .catch((error: unknown) => unreadable(top, error))
  for (const entry of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    run.signal.throwIfAborted()
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    const file = path.join(top, name)
    const { mtimeNs, size } = await fs.lstat(file, { bigint: true })
    const common = { path: Buffer.from(name), mode: 0, uid: 0, gid: 0, user: '', group: '', mtime: mtimeNs, size: 0n }
    if (entry.isDirectory()) {
      yield { ...common, type: 'dir' }
      yield* folderEntries(top, name, run)
    } else if (entry.isSymbolicLink())
      yield { ...common, type: 'symlink', linkTarget: Buffer.from(await fs.readlink(file)) }
    else if (entry.isFile()) yield { ...common, type: 'file', size, bytes: readable(top, file) }
  }
}

async function* readable(top: string, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>
  } catch (error) {
    unreadable(top, error)
  }
}

function unreadable(top: string, error: unknown): Dirent[] {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EACCES' && code !== 'EPERM') throw error
  throw new RecoveryError('source-unreadable', `${top} holds files that this user may not read`, {
    hint: `run this as root, or make it yours first: sudo chown -R "$USER" ${top}`,
    cause: error,
  })
}

/** Of an archive with the data directory somewhere in it: its files, by their names in there. */
async function* tarEntries(copy: DataCopy, run: Run): AsyncGenerator<FileEntry> {
  const top = await topOfTar(copy, run)
  for await (const entry of opened(copy, run)) {
    const name = Buffer.from(entry.path).toString('latin1')
    if (entry.type === 'hardlink') throw foreign(copy.file, 'a tar with hard links, which no data directory has')
    if (top === '' || name.startsWith(`${top}/`))
      yield { ...entry, path: Buffer.from(top === '' ? name : name.slice(top.length + 1), 'latin1') }
  }
}

async function topOfTar(copy: DataCopy, run: Run): Promise<string> {
  const tops: string[] = []
  for await (const { path: bytes, type } of opened(copy, run)) {
    const name = Buffer.from(bytes).toString('latin1')
    if (type === 'file' && /(^|\/)PG_VERSION$/.test(name)) tops.push(path.posix.dirname(name))
  }
  // Every database has one of its own, below.
  const top = tops.toSorted((a, b) => a.length - b.length)[0]
  if (top === undefined) throw foreign(copy.file, 'a tar that holds neither a dump nor a data directory')
  return top === '.' ? '' : top
}

async function* opened(copy: DataCopy, run: Run): AsyncGenerator<FileEntry> {
  try {
    yield* readTar(fileBytes(copy.file, copy.compression, run))
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== 'source-unreadable') throw error
    throw foreign(copy.file, `a tar that is damaged or cut off (${error.message})`)
  }
}

/** Reads it whole. Rejects with file-unrecognized where what every data directory has is missing, or lies elsewhere. */
export async function inspectData(copy: DataCopy, run: Run): Promise<DataFacts> {
  // A folder and a tar of it have their files in different orders.
  const files: string[] = []
  const found = { version: '', control: 0n, names: new Set<string>() }
  for await (const { path: bytes, type, bytes: content, mtime, linkTarget } of rawEntries(copy, run)) {
    const name = Buffer.from(bytes).toString('latin1')
    found.names.add(name)
    if (name === 'global/pg_control') found.control = mtime
    if (type === 'symlink' && /^(pg_wal|pg_xlog|pg_tblspc\/.*)$/.test(name))
      throw new RecoveryError(
        'preflight-failed',
        `${copy.name} is not all of its server: ${name} leads to ${Buffer.from(linkTarget ?? []).toString()}`,
        {
          hint: 'tablespaces and WAL that lie elsewhere have to be copied back into it first',
        },
      )
    if (leftBehind.test(name) || type === 'dir') continue
    const { sha256, text } = await read(content, name === 'PG_VERSION')
    files.push(`${name}\0${sha256}`)
    found.version ||= text
  }
  const missing = ['PG_VERSION', 'global/pg_control', 'base', 'pg_wal'].find(name => !found.names.has(name))
  if (missing !== undefined) throw foreign(copy.file, `a data directory that is not whole: ${missing} is missing`)
  const major = Number(found.version.trim())
  if (!Number.isInteger(major) || major < 13)
    throw foreign(copy.file, `a data directory of PostgreSQL ${found.version.trim()}, older than 13`)
  const modifiedAt = found.control > 0n ? new Date(Number(found.control / 1_000_000n)) : copy.modifiedAt
  return { major, sha256: createHash('sha256').update(files.toSorted().join('\n')).digest('hex'), modifiedAt }
}

async function read(
  content: AsyncIterable<Uint8Array> | undefined,
  keeps: boolean,
): Promise<{ sha256: string; text: string }> {
  const hash = createHash('sha256')
  let text = ''
  for await (const chunk of content ?? []) {
    hash.update(chunk)
    if (keeps) text += Buffer.from(chunk).toString('latin1')
  }
  return { sha256: hash.digest('hex'), text }
}
