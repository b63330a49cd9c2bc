import type { BlobReader } from '../files/blob-reader.ts'
import type { Failure } from './failure.ts'
import type { LinkGuard } from './link-guard.ts'
import type { Squeezer } from './squeezer.ts'
import type { StoredBlobs } from './stored-blobs.ts'
import type { Tally } from './tally.ts'
import type { TreeSaver } from './tree-saver.ts'
import type { WorkerPool } from './worker-pool.ts'

/** What everything that saves into one new point shares. */
export interface UploadParts {
  readonly failure: Failure
  readonly pool: WorkerPool
  readonly stored: StoredBlobs
  readonly trees: TreeSaver
  readonly squeezer: Squeezer
  readonly tally: Tally
  readonly links: LinkGuard
  /** Of points that were there before. */
  readonly reader: BlobReader
  readonly onProgress: (files: number, bytes: number) => void
}
