import pg from 'pg'
import { RecoveryError } from '../../../domain/errors.ts'
import { copyDemultiplexer, type BackupItem, type CopyDemultiplexer } from './copy-demultiplexer.ts'
import { ItemQueue } from './item-queue.ts'

export interface BackupStart {
  readonly startLsn: string
  readonly timeline: number
  /** In the order of their archives; the last is the data directory itself, without an oid. */
  readonly spaces: readonly { readonly oid: string; readonly location: string }[]
}

export interface BackupEnd {
  readonly endLsn: string
  readonly manifest: Uint8Array
  /** What the server warned of, when it said at the end that pages are corrupt. */
  readonly corrupt: readonly string[]
}

type Values = readonly (string | null)[]

// Enough to keep the server sending while a chunk is being stored.
const queuedBytes = 4 * 1024 * 1024
// The server sends all pages, good and bad, and the end of the backup, and only then says that some are bad.
const dataCorrupted = 'XX001'

/**
 * One BASE_BACKUP on a replication session: three result sets with the copies between the second and the third. The driver
 * hands its messages to this; the socket waits while the reader is behind.
 */
export class BackupQuery implements pg.Submittable {
  readonly started = Promise.withResolvers<BackupStart>()
  readonly ended = Promise.withResolvers<BackupEnd>()
  readonly items: ItemQueue<BackupItem>
  private readonly text: string
  private readonly tagged: boolean
  private readonly explain: (error: unknown) => unknown
  private readonly results: Values[][] = []
  private readonly warnings: string[] = []
  private copies: CopyDemultiplexer | undefined
  private connection: pg.Connection | undefined

  /** `explain` makes of the driver's errors what everyone who waits is told. */
  constructor(text: string, tagged: boolean, explain: (error: unknown) => unknown) {
    this.text = text
    this.tagged = tagged
    this.explain = explain
    this.items = new ItemQueue(queuedBytes, paused => this.setPaused(paused))
    // Whoever waits for one of them learns of a failure there.
    this.started.promise.catch(() => {})
    this.ended.promise.catch(() => {})
  }

  submit(connection: pg.Connection): void {
    this.connection = connection
    connection.on('copyOutResponse', () => this.guarded(() => this.beginCopy()))
    connection.on('copyDone', () => this.guarded(() => this.copies?.copyEnded()))
    connection.query(this.text)
  }

  handleRowDescription(): void {
    this.results.push([])
  }

  handleDataRow({ fields }: { readonly fields: Values }): void {
    this.results.at(-1)?.push(fields)
  }

  handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    this.guarded(() => this.copies?.copyData(chunk))
  }

  handleCommandComplete(): void {}

  noticed(text: string): void {
    this.warnings.push(text)
  }

  handleReadyForQuery(): void {
    this.guarded(() => this.finish([]))
  }

  handleError(error: Error): void {
    const corrupt = error instanceof pg.DatabaseError && error.code === dataCorrupted && this.results.length === 3
    if (corrupt) this.guarded(() => this.finish([...this.warnings, error.message]))
    else this.fail(error)
  }

  fail(cause: unknown): void {
    const error = this.explain(cause)
    this.started.reject(error)
    this.ended.reject(error)
    this.items.end({ error })
  }

  private beginCopy(): void {
    this.copies ??= this.begin()
    this.copies.copyStarted()
  }

  private begin(): CopyDemultiplexer {
    const start = parseStart(this.results)
    this.started.resolve(start)
    return copyDemultiplexer(this.tagged, start.spaces.length, item =>
      this.items.push(item, item.kind === 'bytes' ? item.bytes.length : 0),
    )
  }

  private finish(corrupt: readonly string[]): void {
    const endLsn = this.results[2]?.[0]?.[0]
    if (!endLsn || !this.copies?.isWhole()) throw brokenOff()
    this.items.end()
    this.ended.resolve({ endLsn, manifest: this.copies.manifest(), corrupt })
  }

  /** The driver's event handlers must not throw. */
  private guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fail(error)
      this.connection?.stream.destroy()
    }
  }

  private setPaused(paused: boolean): void {
    if (paused) this.connection?.stream.pause()
    else this.connection?.stream.resume()
  }
}

const brokenOff = (): RecoveryError => new RecoveryError('tool-failed', 'the base backup ended before it was whole')

function parseStart([first, second]: readonly Values[][]): BackupStart {
  const [startLsn, timeline] = first?.[0] ?? []
  if (!startLsn || !timeline || !second || second.length === 0) throw brokenOff()
  const spaces = second.map(([oid, location]) => ({ oid: oid ?? '', location: location ?? '' }))
  return { startLsn, timeline: Number(timeline), spaces }
}
