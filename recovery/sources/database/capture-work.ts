import type { PointWriter } from '../../domain/point-content.ts'
import type { Run } from '../../domain/run.ts'
import type { PostgresAccess } from '../../drivers/postgres/postgres-access.ts'

/** What every step of a server's capture works with. */
export interface CaptureWork {
  /** The server's name in the project. */
  readonly server: string
  readonly access: PostgresAccess
  readonly writer: PointWriter
  readonly run: Run
  /** Logical: with a fingerprint of each table's content. */
  readonly fingerprints?: boolean
}
