import { BlobIndex } from './blob-index.ts'
import { VaultError } from './errors.ts'
import { parseIndex, type IndexedPack, type IndexFile } from './format/index-file.ts'
import { packsOfIndex } from './format/index-packs.ts'
import { throwIfInterrupted } from './interrupt.ts'
import type { Repository } from './repository.ts'
import { aboutFile } from './stored-file.ts'
import type { VaultRun } from './types.ts'

/** Reads one index file. Rejects with file-missing, or vault-damaged naming the file. */
export async function loadIndexFile(repository: Repository, id: string): Promise<IndexFile> {
  const json = await repository.loadUnpacked('index', id)
  return aboutFile('index', id, () => parseIndex(json))
}

/** The same as packs one after the other, which needs less memory. */
export async function loadIndexedPacks(repository: Repository, id: string): Promise<Iterable<IndexedPack>> {
  const json = await repository.loadUnpacked('index', id)
  return aboutFile('index', id, () => packsOfIndex(json))
}

/**
 * What all index files say. Snapshots that are to be read must have been listed before: the index of one that appears
 * meanwhile would be missed. An index file that cannot be read rejects, unless `onDamaged` is there to be told.
 */
export async function loadIndex(
  repository: Repository,
  run: VaultRun = {},
  onDamaged?: (id: string, error: unknown) => void,
): Promise<BlobIndex> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const index = await loadListed(repository, run, onDamaged)
    if (index) return index
  }
  throw new VaultError('storage-failed', `the index of the vault at ${repository.location} changes while it is read`, {
    hint: 'wait until whoever rewrites it has finished, and run it again',
  })
}

// One after another: each may hold many thousand blobs, and only one shall be in memory as objects. undefined: a file
// went away after it was listed, because somebody rewrote the index; then the new one must be listed.
async function loadListed(
  repository: Repository,
  run: VaultRun,
  onDamaged?: (id: string, error: unknown) => void,
): Promise<BlobIndex | undefined> {
  const index = new BlobIndex()
  for (const { name } of await repository.storage.list('index')) {
    throwIfInterrupted(run)
    try {
      for (const pack of await loadIndexedPacks(repository, name)) index.addPack(pack.id, pack.blobs)
    } catch (error) {
      const code = error instanceof VaultError ? error.code : undefined
      if (code === 'file-missing') return undefined
      if (!onDamaged || code !== 'vault-damaged') throw error
      onDamaged(name, error)
    }
  }
  return index
}
