import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { RecoveryError } from '../../domain/errors.ts'
import type { Run } from '../../domain/run.ts'
import { parseArchiveHeader, type ArchiveHeader } from './archive-header.ts'
import { compressionOf, fileBytes, firstBytes, type Compression } from './open-file.ts'
import { recognize, recognizedBytes } from './recognize.ts'

/** A file (or folder) that pg_dump or pg_dumpall wrote, as far as its first bytes tell. */
export interface DumpFile {
  /** Absolute. */
  readonly file: string
  /** Without folders; for people. */
  readonly name: string
  readonly kind: 'script' | 'cluster-script' | 'custom' | 'tar' | 'directory'
  readonly compression: Compression
  /** As it lies there. */
  readonly bytes: number
  readonly modifiedAt: Date
  /** Of pg_dump's own formats. */
  readonly header: ArchiveHeader | undefined
}

/** A data directory of PostgreSQL, as it was copied out of a volume: a folder, or a tar of one. */
export interface DataCopy {
  readonly file: string
  readonly name: string
  readonly kind: 'data-folder' | 'data-tar'
  readonly compression: Compression
  readonly modifiedAt: Date
}

export type OldFile = DumpFile | DataCopy

export const isDataCopy = (file: OldFile): file is DataCopy => file.kind === 'data-folder' || file.kind === 'data-tar'

/** Rejects with file-unrecognized, saying what it is instead, and with bad-input where there is nothing. */
export async function openOldFile(given: string, run: Run): Promise<OldFile> {
  const file = path.resolve(given)
  const found = await fs.stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new RecoveryError('bad-input', `${given} cannot be read: ${error.code ?? error.message}`, { cause: error })
  })
  const common = { file, name: path.basename(file), modifiedAt: found.mtime }
  if (found.isDirectory()) return openFolder(common)
  if (!found.isFile()) throw foreign(given, 'neither a file nor a folder')
  const compression = await compressionOf(file)
  const head = await firstBytes(fileBytes(file, compression, run), recognizedBytes)
  const recognized = recognize(head)
  if ('foreign' in recognized) throw foreign(given, recognized.foreign)
  const { kind } = recognized
  if (kind === 'data-tar') return { ...common, kind, compression }
  const header =
    kind === 'custom' ? parseArchiveHeader(head) : kind === 'tar' ? parseArchiveHeader(head.subarray(512)) : undefined
  if (!header && (kind === 'custom' || kind === 'tar'))
    throw foreign(given, 'a dump of PostgreSQL whose beginning is damaged, cut off, or of a version before 9.0')
  return { ...common, kind, compression, bytes: found.size, header }
}

async function openFolder(common: { file: string; name: string; modifiedAt: Date }): Promise<OldFile> {
  const toc = await fs.readFile(path.join(common.file, 'toc.dat')).catch(() => undefined)
  if (toc) {
    const header = parseArchiveHeader(toc)
    if (!header) throw foreign(common.file, 'a folder whose toc.dat is damaged')
    const sizes = await Promise.all((await listFiles(common.file)).map(async file => (await fs.stat(file)).size))
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    return { ...common, kind: 'directory', compression: 'none', bytes, header }
  }
  for (const below of ['', '_data']) {
    const folder = path.join(common.file, below)
    const version = await fs.readFile(path.join(folder, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EACCES') throw foreign(common.file, 'a folder that this user may not read')
      return undefined
    })
    if (version !== undefined) return { ...common, file: folder, kind: 'data-folder', compression: 'none' }
  }
  throw foreign(common.file, 'a folder without toc.dat (of pg_dump -Fd) and without PG_VERSION (of a data directory)')
}

/** The files of a dump in a folder: pg_dump makes no folders below. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(({ name }) => path.join(folder, name))
    .toSorted()
}

export const foreign = (file: string, what: string): RecoveryError =>
  new RecoveryError('file-unrecognized', `${path.basename(file)} is no dump that can be restored: it is ${what}`, {
    hint: 'it takes what pg_dump and pg_dumpall write (plain, -Fc, -Ft, -Fd; also compressed), and copied data directories; nothing was changed',
  })

/** SHA-256 of what lies there, 64 hex digits; of a folder, over the names and contents of its files. */
export async function fingerprint({ file, kind }: DumpFile, run: Run): Promise<string> {
  const hash = createHash('sha256')
  for (const one of kind === 'directory' ? await listFiles(file) : [file]) {
    if (kind === 'directory') hash.update(`${path.basename(one)}\0`)
    for await (const chunk of createReadStream(one, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      run.signal.throwIfAborted()
      hash.update(chunk)
    }
  }
  return hash.digest('hex')
}
