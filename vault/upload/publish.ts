import { VaultError } from '../errors.ts'
import { encodeSnapshot, parseSnapshot, type FullSummary } from '../format/snapshot.ts'
import type { Repository } from '../repository.ts'
import type { Snapshot, SnapshotDetails } from '../types.ts'
import type { StoredTotals } from './pack-store.ts'
import type { Tally } from './tally.ts'

/** Stores the snapshot file, the last act of an upload: everything that `tree` needs is durable in the vault. */
export async function storeSnapshot(
  repository: Repository,
  tree: string,
  details: SnapshotDetails,
  summary: FullSummary,
): Promise<Snapshot> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const json = encodeSnapshot({ ...details, tree, uid, gid, summary })
  // A snapshot that cannot be read makes restic refuse the whole vault, so it is read before it is there.
  const read = parseSnapshot('0'.repeat(64), json)
  if (read.tree !== tree) throw new VaultError('bad-input', 'the snapshot cannot be written with these details')
  return parseSnapshot(await repository.saveUnpacked('snapshots', json), json)
}

/** The summary as restic writes it. Times in milliseconds since 1970. */
export function summarize(tally: Tally, totals: StoredTotals, began: number, ended: number): FullSummary {
  const { files, folders } = tally
  return {
    backupStart: new Date(began),
    backupEnd: new Date(ended),
    filesNew: files.new,
    filesChanged: files.changed,
    filesUnmodified: files.unmodified,
    dirsNew: folders.new,
    dirsChanged: folders.changed,
    dirsUnmodified: folders.unmodified,
    dataBlobs: totals.dataBlobs,
    treeBlobs: totals.treeBlobs,
    dataAdded: totals.plainBytes,
    dataAddedPacked: totals.packedBytes,
    totalFilesProcessed: files.new + files.changed + files.unmodified,
    totalBytesProcessed: tally.bytes,
  }
}
