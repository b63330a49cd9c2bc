import { createHash } from 'node:crypto'
import { RecoveryError } from '../../domain/errors.ts'
import type { FileEntry } from '../../domain/file-entry.ts'
import type { BaseBackup } from '../../drivers/postgres/postgres-access.ts'
import {
  parseBackupManifest,
  type BackupManifest,
  type ManifestFile,
  type WalRange,
} from '../../drivers/postgres/base-backup/manifest.ts'

interface EntriesOfPart {
  readonly entries: AsyncIterable<FileEntry>
  readonly finished: Promise<void>
}

const manifestName = 'backup_manifest'

/**
 * Holds what a base backup streams against the manifest that the server sends at its end: every file of it must have
 * passed with this size and SHA-256, and no other but WAL, which the manifest names by position.
 */
export class BackupCheck {
  private readonly seen = new Map<string, ManifestFile>()
  private readonly systemIdentifier: string

  /** Of the server that was asked. */
  constructor(systemIdentifier: string) {
    this.systemIdentifier = systemIdentifier
  }

  tablespace(oid: string, entries: AsyncIterable<FileEntry>): EntriesOfPart {
    return { entries: this.watched(`pg_tblspc/${oid}/`, entries), finished: Promise.resolve() }
  }

  /** The last archive; the manifest follows as its last file, and must be true. */
  dataDirectory(entries: AsyncIterable<FileEntry>, ending: BaseBackup['finished']): EntriesOfPart {
    return { entries: this.withManifest(this.watched('', entries), ending), finished: ending.then(() => {}) }
  }

  private async *watched(prefix: string, entries: AsyncIterable<FileEntry>): AsyncGenerator<FileEntry> {
    for await (const entry of entries) {
      if (entry.type !== 'file' || !entry.bytes) yield entry
      else yield { ...entry, bytes: this.hashed(prefix + latin1(entry.path), entry.bytes) }
    }
  }

  private async *hashed(key: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of bytes) {
      hash.update(chunk)
      size += chunk.length
      yield chunk
    }
    this.seen.set(key, { size, sha256: hash.digest('hex') })
  }

  private async *withManifest(
    entries: AsyncIterable<FileEntry>,
    ending: BaseBackup['finished'],
  ): AsyncGenerator<FileEntry> {
    let model: FileEntry | undefined
    for await (const entry of entries) {
      if (entry.type === 'file') model ??= entry
      yield entry
    }
    const { manifest } = await ending
    this.compare(parseBackupManifest(manifest))
    if (!model) throw mismatch('it holds no file')
    yield manifestEntry(model, manifest)
  }

  /** Without any of it the files are worth nothing; the manifest names no files of it. */
  private assertWal({ timeline, startLsn, endLsn }: WalRange): void {
    const segment = [...this.seen].find(([path]) => segmentName.test(path))?.[1].size
    if (!segment) throw mismatch('it holds no WAL')
    const size = BigInt(segment)
    for (let at = positionOf(startLsn) / size; at * size < positionOf(endLsn); at++) {
      const name = walFile(timeline, at, size)
      if (!this.seen.has(`pg_wal/${name}`)) throw mismatch(`the WAL ${name} is missing`)
    }
  }

  private compare(manifest: BackupManifest): void {
    const { systemIdentifier, files, wal } = manifest
    if (systemIdentifier !== undefined && systemIdentifier !== this.systemIdentifier)
      throw mismatch(`it is of system ${systemIdentifier}, not ${this.systemIdentifier}`)
    for (const [path, { size, sha256 }] of files) {
      const found = this.seen.get(path)
      if (!found) throw mismatch(`${path} is missing`)
      if (found.size !== size || found.sha256 !== sha256) throw mismatch(`${path} is damaged`)
    }
    for (const range of wal) this.assertWal(range)
    const extra = [...this.seen.keys()].find(path => !files.has(path) && !path.startsWith('pg_wal/'))
    if (extra !== undefined) throw mismatch(`${extra} is not in it`)
  }
}

// 24 hex digits: timeline, and the segment's number in two parts.
const segmentName = /^pg_wal\/[0-9A-F]{24}$/

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const mismatch = (what: string): RecoveryError =>
  new RecoveryError('capture-failed', `the base backup does not agree with its manifest: ${what}`)

/** As pg_basebackup leaves it: beside the files, theirs in owner and mode. */
const manifestEntry = (model: FileEntry, manifest: Uint8Array): FileEntry => ({
  path: Buffer.from(manifestName),
  type: 'file',
  mode: model.mode,
  uid: model.uid,
  gid: model.gid,
  user: model.user,
  group: model.group,
  mtime: model.mtime,
  size: BigInt(manifest.length),
  bytes: (async function* () {
    yield manifest
  })(),
})

const positionOf = (lsn: string): bigint => {
  const [high = '', low = ''] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** The file of a segment, by its number since the beginning of time. */
function walFile(timeline: number, segment: bigint, segmentBytes: bigint): string {
  const perLog = 0x1_0000_0000n / segmentBytes
  const hex = (number: bigint) => number.toString(16).toUpperCase().padStart(8, '0')
  return hex(BigInt(timeline)) + hex(segment / perLog) + hex(segment % perLog)
}
