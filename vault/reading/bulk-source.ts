import type { BlobIndex } from '../blob-index.ts'
import type { Repository } from '../repository.ts'

/** What threads need to read contents by themselves: where the blobs lie, and what opens them. */
export interface BulkSource {
  readonly repository: Repository
  readonly index: BlobIndex
}
