import { BlobIndex } from '../blob-index.ts'
import type { IndexedPack } from '../format/index-file.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import { loadIndexedPacks } from '../load-index.ts'
import type { Repository } from '../repository.ts'
import { storagePath } from '../storage/layout.ts'
import type { VaultRun } from '../types.ts'
import type { Findings } from './findings.ts'
import { isFinding } from './is-finding.ts'

/** The index as all readable index files give it, and the findings for those that are not. */
export interface CheckedIndex {
  readonly index: BlobIndex
  readonly damaged: readonly number[]
}

/** Reads every index file, and says which cannot be read and which list a pack that another lists too. */
export async function checkIndex(repository: Repository, run: VaultRun, findings: Findings): Promise<CheckedIndex> {
  const index = new BlobIndex()
  const damaged: number[] = []
  for (const { name } of await repository.storage.list('index')) {
    throwIfInterrupted(run)
    try {
      for (const pack of await loadIndexedPacks(repository, name))
        addPack(index, pack, storagePath('index', name), findings)
    } catch (error) {
      if (!isFinding(error)) throw error
      damaged.push(findings.addFailure('index-damaged', 'index', name, error))
    }
  }
  return { index, damaged }
}

function addPack(index: BlobIndex, pack: IndexedPack, file: string, findings: Findings): void {
  const known = index.packNumberOf(pack.id)
  const before = known === undefined ? 0 : index.blobsOfPack(known)
  index.addPack(pack.id, pack.blobs)
  if (known === undefined) return
  const same = before === pack.blobs.length && before === index.blobsOfPack(known)
  // The next program that rewrites the index may keep one of two halves only.
  findings.add(
    same ? 'hint' : 'damage',
    'pack-in-several-indexes',
    file,
    same
      ? `${file} lists the pack ${pack.id}, which another index lists in the same way`
      : `${file} lists the pack ${pack.id} with other blobs than another index; blobs may get lost when the index is rewritten`,
  )
}
