import { BlobIndex } from '../blob-index.ts'
import type { IndexedPack } from '../format/index-file.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { loadIndexFile } from '../load-index.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'

/** One index file: the packs it lists, by their numbers, and how many blobs they have together. */
export interface ListingFile {
  readonly name: string
  readonly packs: Uint32Array
  readonly blobs: number
}

/** What all index files say together, and which of them says what. */
export interface ListedIndex {
  readonly index: BlobIndex
  readonly files: readonly ListingFile[]
}

/** Reads the index to rewrite it: every file must be readable, or what it lists would be taken for nothing. */
export async function loadListedIndex(repository: Repository, run: VaultRun): Promise<ListedIndex> {
  const index = new BlobIndex()
  const files: ListingFile[] = []
  for (const { name } of await repository.storage.list('index')) {
    throwIfInterrupted(run)
    files.push(enter(index, name, (await loadIndexFile(repository, name)).packs))
  }
  return { index, files }
}

function enter(index: BlobIndex, name: string, packs: readonly IndexedPack[]): ListingFile {
  for (const { id, blobs } of packs) index.addPack(id, blobs)
  return {
    name,
    packs: Uint32Array.from(packs, ({ id }) => index.packNumberOf(id)!),
    blobs: packs.reduce((sum, { blobs }) => sum + blobs.length, 0),
  }
}
