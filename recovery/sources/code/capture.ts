import type { PointWriter } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { EarlierBundle } from './bundle.ts'
import type { Elsewhere } from '../elsewhere.ts'
import type { Repository } from './repository.ts'
import type { Snapshot } from './snapshot.ts'

/** Everything about one capture. */
export interface Capture {
  readonly repository: Repository
  readonly snapshot: Snapshot
  readonly elsewhere: Elsewhere
  readonly writer: PointWriter
  readonly run: Run
  /** What an earlier point says of its bundle. */
  readonly earlier: EarlierBundle | undefined
}
