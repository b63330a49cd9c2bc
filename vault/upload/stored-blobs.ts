import { BlobIndex } from '../blob-index.ts'
import { VaultError } from '../errors.ts'
import type { IndexedPack } from '../format/index-file.ts'
import { packSize } from '../format/pack.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { loadIndexedPacks } from '../load-index.ts'
import type { Repository } from '../repository.ts'
import type { VaultRun } from '../types.ts'
import { IdTable } from './id-table.ts'

/** The blobs that need not be stored again; new ones are put in as they come. */
export interface StoredBlobs {
  readonly data: IdTable
  readonly trees: IdTable
  /** Where the trees lie that were there before. Of the others nobody needs to know where. */
  readonly treeIndex: BlobIndex
  /** The names of the index files that say so. */
  readonly files: readonly string[]
}

// Index files are compressed; this guess is good enough for a table that grows. One that is a little too small costs most.
const indexBytesPerBlob = 40

/**
 * What the vault has, by its index files, to be called under a lock: what was known before may have been pruned. A pack
 * that is not there, or not as long as it should be, counts for nothing, and its blobs are stored anew: so the next
 * upload heals what it can.
 */
export async function loadStoredBlobs(repository: Repository, run: VaultRun): Promise<StoredBlobs> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const blobs = await loadListed(repository, run)
    if (blobs) return blobs
  }
  throw new VaultError('storage-failed', `the index of the vault at ${repository.location} changes while it is read`, {
    hint: 'wait until whoever rewrites it has finished, and run it again',
  })
}

// undefined: an index file went away after it was listed, as programs without locks rewrite the index at any time.
async function loadListed(repository: Repository, run: VaultRun): Promise<StoredBlobs | undefined> {
  const files = await repository.storage.list('index')
  const packs = new Map((await repository.storage.list('data')).map(({ name, size }) => [name, size]))
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const blobs = {
    data: IdTable.create(bytes / indexBytesPerBlob),
    trees: IdTable.create(0),
    treeIndex: new BlobIndex(),
  }
  for (const { name } of files) {
    throwIfInterrupted(run)
    const indexed = await loadIndexedPacks(repository, name).catch(undefinedIfMissing)
    if (!indexed) return undefined
    for (const pack of indexed) if (packs.get(pack.id) === packSize(pack.blobs)) enter(blobs, pack)
  }
  return { ...blobs, files: files.map(({ name }) => name) }
}

/**
 * Whether the vault still has all these blobs. To be asked under a lock of what was loaded before: whoever removes packs
 * removes the index files that name them first.
 */
export async function areStillStored({ files }: StoredBlobs, { storage }: Repository): Promise<boolean> {
  const now = new Set((await storage.list('index')).map(({ name }) => name))
  return files.every(name => now.has(name))
}

function enter({ data, trees, treeIndex }: Omit<StoredBlobs, 'files'>, pack: IndexedPack): void {
  const bytes = Buffer.alloc(32)
  for (const { id, type } of pack.blobs) {
    bytes.write(id, 'hex')
    ;(type === 'tree' ? trees : data).claim(bytes)
  }
  const inside = pack.blobs.filter(({ type }) => type === 'tree')
  if (inside.length > 0) treeIndex.addPack(pack.id, inside)
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof VaultError && error.code === 'file-missing') return undefined
  throw error
}
