import type { NodeMetadata } from './format/node.ts'
import type { BlobReader } from './files/blob-reader.ts'
import { durability } from './files/durability.ts'
import { RestoreJob, type ThreadSettings } from './files/restore-job.ts'
import { prepareTarget } from './files/target.ts'
import type { RestoredFolder, RestoreOptions, VaultRun } from './types.ts'

/** A folder inside a point. The root of a point has no metadata. */
export interface PointFolder {
  readonly tree: string
  readonly metadata?: NodeMetadata
}

/**
 * Brings `folder` back as the folder `target`. Files are there whole and verified, or not at all: what the vault cannot give
 * is left out, everything else is restored, and then it rejects with vault-damaged naming each entry and why.
 * Any other failure (storage-full, target-exists, storage-failed, interrupted) ends it at once.
 */
export async function restoreFolder(
  reader: BlobReader,
  folder: PointFolder,
  target: string,
  options: RestoreOptions,
  run: VaultRun,
  threads: ThreadSettings = {},
): Promise<RestoredFolder> {
  const { sparse = true, owners = process.geteuid?.() === 0, existing = 'refuse', fsync = true } = options
  const place = prepareTarget(target, existing)
  const select = options.select ?? (() => true)
  const settings = { reader, run, sparse, owners, existing, select, durability: durability(fsync) }
  const job = new RestoreJob({ ...settings, threads, bulk: await reader.bulk?.() })
  await job.restore(folder.tree, folder.metadata, place)
  return job.outcome.result()
}
