import { quoteLiteral } from '../sql-text.ts'

/**
 * Asks for a backup that starts by itself: its WAL is in it, so nothing waits for an archive; a map of tablespaces instead
 * of links; a manifest with SHA-256. The parenthesised form came with 15, which dropped the older one.
 */
export function baseBackupCommand(serverVersion: number, label: string): string {
  const text = quoteLiteral(label).trim()
  if (serverVersion >= 150_000)
    return `BASE_BACKUP (LABEL ${text}, CHECKPOINT 'fast', WAIT false, WAL true, TABLESPACE_MAP true, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')`
  return `BASE_BACKUP LABEL ${text} FAST WAL NOWAIT TABLESPACE_MAP MANIFEST 'yes' MANIFEST_CHECKSUMS 'SHA256'`
}

/** From 15 on everything comes in one copy whose messages carry a tag; before, every archive is a copy of its own. */
export const hasTaggedCopy = (serverVersion: number): boolean => serverVersion >= 150_000

/** Manifests came with 13. */
export const oldestServer = 130_000
