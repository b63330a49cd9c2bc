import { BlobIndex } from '../../blob-index.ts'
import type { BulkSource } from '../../reading/bulk-source.ts'
import type { Storage } from '../../storage/storage.ts'
import { storePack, testRepository } from '../../testing/test-repository.ts'
import { MemoryPoint } from './memory-point.ts'

/** The same with all blobs in a pack as well, so that threads can read them. Damaged ones are in there as they are. */
export class PackedPoint extends MemoryPoint {
  /** Where the pack is put; in memory, unless told otherwise. */
  storage: Storage | undefined

  async bulk(): Promise<BulkSource> {
    const repository = await testRepository(this.storage)
    const blobs = [...this.blobs].map(([key, plain]) => {
      const type = key.startsWith('data') ? ('data' as const) : ('tree' as const)
      return { type, plain, id: key.slice(type.length) }
    })
    const index = new BlobIndex()
    if (blobs.length === 0) return { repository, index }
    const pack = await storePack(repository, blobs)
    index.addPack(pack.id, pack.blobs)
    return { repository, index }
  }
}
