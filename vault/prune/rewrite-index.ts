import { encodeIndex, maxBlobsOfIndex, parseIndex, type IndexedPack } from '../format/index-file.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { LockScope } from '../locks.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'
import { didNotDecode } from '../upload/blob-sealer.ts'
import type { ListedIndex, ListingFile } from './listed-index.ts'
import type { PackUsage } from './pack-usage.ts'

export interface IndexRewriting {
  readonly repository: Repository
  readonly listed: ListedIndex
  readonly usage: PackUsage
  readonly lock: LockScope
  readonly run: VaultRun
}

/**
 * Takes packs out of the index: what else their files list is written anew, whole, before any old file is removed. Full
 * files that say nothing of them, and nothing that another file says too, are left as they are. When it resolves, no
 * index names the packs any more.
 */
export async function rewriteIndex(rewriting: IndexRewriting, gone: ReadonlySet<number>): Promise<void> {
  const { listed, repository, lock, run } = rewriting
  const twice = listedTwice(listed)
  if (gone.size + twice.size === 0) return
  const stays = (file: ListingFile) => isFull(file) && !file.packs.some(pack => gone.has(pack) || twice.has(pack))
  const going = listed.files.filter(file => !stays(file))
  const packs = new Set(going.flatMap(({ packs }) => [...packs].filter(pack => !gone.has(pack))))
  await writeAll(rewriting, packs)
  await lock.confirm()
  for (const { name } of going) {
    throwIfInterrupted(run)
    await repository.storage.remove('index', name)
  }
}

const isFull = ({ blobs }: ListingFile): boolean => blobs >= maxBlobsOfIndex

/** Packs that stand in several files: what a rewriting leaves that broke off, or halves of a pack's list. */
function listedTwice({ files }: ListedIndex): Set<number> {
  const seen = new Set<number>()
  return new Set(files.flatMap(({ packs }) => [...packs].filter(pack => seen.has(pack) || !seen.add(pack))))
}

async function writeAll(rewriting: IndexRewriting, packs: Iterable<number>): Promise<void> {
  const { index, table } = rewriting.usage
  let batch: IndexedPack[] = []
  let blobs = 0
  for (const pack of packs) {
    if (blobs > 0 && blobs + index.blobsOfPack(pack) > maxBlobsOfIndex) {
      await write(rewriting, batch)
      batch = []
      blobs = 0
    }
    batch.push({ id: index.packIds[pack]!, blobs: Array.from(table.entriesOf(pack), entry => index.location(entry)) })
    blobs += index.blobsOfPack(pack)
  }
  if (batch.length > 0) await write(rewriting, batch)
}

async function write({ repository, lock, run }: IndexRewriting, packs: readonly IndexedPack[]): Promise<void> {
  throwIfInterrupted(run)
  const document = encodeIndex({ packs })
  if (!encodeIndex(parseIndex(document)).equals(document)) throw didNotDecode()
  await lock.confirm()
  await repository.saveUnpacked('index', document)
}
