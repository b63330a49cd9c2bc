import { EntriesComparison } from './files/entries-comparison.ts'
import type { BlobReader } from './files/blob-reader.ts'
import { FolderComparison } from './files/folder-comparison.ts'
import type { PointFolder } from './restore.ts'
import type { CompareOptions, Difference, Entry, VaultRun } from './types.ts'

/**
 * Reads the folder `found` whole and names what is not as in the point: `expected` is the point's side. Nothing left out
 * but the access time and what `options` say. Rejects with source-unreadable or vault-damaged, naming the entry.
 */
export async function compareFolder(
  reader: BlobReader,
  folder: PointFolder,
  found: string,
  options: CompareOptions,
  run: VaultRun,
): Promise<readonly Difference[]> {
  const comparison = new FolderComparison(reader, Buffer.from(found), options, run)
  await comparison.compare(folder.tree, folder.metadata)
  return comparison.differences.found
}

/** The same for entries from elsewhere, in any order. */
export async function compareEntries(
  reader: BlobReader,
  folder: PointFolder,
  entries: AsyncIterable<Entry>,
  options: CompareOptions,
  run: VaultRun,
): Promise<readonly Difference[]> {
  const comparison = new EntriesComparison(reader, folder, options, run)
  await comparison.compare(entries)
  return comparison.differences.found
}
