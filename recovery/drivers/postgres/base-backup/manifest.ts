import { createHash } from 'node:crypto'
import { z } from 'zod'
import { RecoveryError } from '../../../domain/errors.ts'

/** A file of a base backup. Keys of maps of these: the path's bytes as Latin-1, since names need not be UTF-8. */
export interface ManifestFile {
  readonly size: number
  /** 64 hex digits. */
  readonly sha256: string
}

export interface BackupManifest {
  /** undefined before 17. Text: it exceeds 2^53. */
  readonly systemIdentifier: string | undefined
  readonly files: ReadonlyMap<string, ManifestFile>
  /** The WAL without which the backup cannot be used, oldest first. */
  readonly wal: readonly WalRange[]
}

export interface WalRange {
  readonly timeline: number
  /** 'X/Y', as the server writes positions. */
  readonly startLsn: string
  readonly endLsn: string
}

const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/)

const manifestJson = z.object({
  'PostgreSQL-Backup-Manifest-Version': z.number(),
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      'Encoded-Path': z.string().optional(),
      Size: z.number(),
      'Checksum-Algorithm': z.literal('SHA256'),
      Checksum: z.string(),
    }),
  ),
  'WAL-Ranges': z.array(z.object({ Timeline: z.number(), 'Start-LSN': lsn, 'End-LSN': lsn })),
})

/** Parses `backup_manifest` and checks it against its own checksum. Rejects with capture-failed when it is damaged. */
export function parseBackupManifest(bytes: Uint8Array): BackupManifest {
  const text = Buffer.from(bytes).toString('utf8')
  checkOwnChecksum(text)
  const parsed = manifestJson.safeParse(JSON.parse(text))
  if (!parsed.success) throw damaged('is not of the form that is known')
  return {
    // JSON.parse rounds a number of this size.
    systemIdentifier: /"System-Identifier":\s*(\d+)/.exec(text)?.[1],
    files: new Map(parsed.data.Files.map(file => [pathKey(file), { size: file.Size, sha256: file.Checksum }])),
    wal: parsed.data['WAL-Ranges'].map(range => ({
      timeline: range.Timeline,
      startLsn: range['Start-LSN'],
      endLsn: range['End-LSN'],
    })),
  }
}

/** From where to where the backup reaches. */
export function backupRange({ wal }: BackupManifest): WalRange {
  const [first, last] = [wal[0], wal.at(-1)]
  if (!first || !last) throw damaged('names no WAL')
  return { timeline: last.timeline, startLsn: first.startLsn, endLsn: last.endLsn }
}

const damaged = (what: string): RecoveryError =>
  new RecoveryError('capture-failed', `the base backup's manifest ${what}`)

/** The last line holds the SHA-256 of all before it. */
function checkOwnChecksum(text: string): void {
  const at = text.lastIndexOf('"Manifest-Checksum"')
  const expected = /^"Manifest-Checksum": "([0-9a-f]{64})"\}\s*$/.exec(text.slice(at))?.[1]
  const found = createHash('sha256').update(text.slice(0, at)).digest('hex')
  if (at < 0 || expected !== found) throw damaged('is damaged')
}

function pathKey(file: { readonly Path?: string | undefined; readonly 'Encoded-Path'?: string | undefined }): string {
  const bytes = file.Path === undefined ? Buffer.from(file['Encoded-Path'] ?? '', 'hex') : Buffer.from(file.Path)
  return bytes.toString('latin1')
}
