import { RecoveryError } from '../../../domain/errors.ts'

/** What arrives of a backup, in order. */
export type BackupItem =
  | { readonly kind: 'archive'; readonly index: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'archive-end' }

/** Sorts the copy messages of a BASE_BACKUP into archives and the manifest. */
export interface CopyDemultiplexer {
  copyStarted(): void
  /** The bytes are the caller's: they are copied where they are kept. */
  copyData(chunk: Uint8Array): void
  copyEnded(): void
  /** Whether every announced archive came whole, and the manifest. */
  isWhole(): boolean
  manifest(): Uint8Array
}

const tags = { archive: 0x6e, data: 0x64, progress: 0x70, manifest: 0x6d }
const trailer = new Uint8Array(1024)

const unexpected = (what: string): RecoveryError =>
  new RecoveryError('tool-failed', `the server's base backup cannot be understood: ${what}`)

/** Where the bytes go that a server sends; `count` is the number of archives it announced. */
abstract class Sorter implements CopyDemultiplexer {
  protected archives = 0
  protected inside: 'nothing' | 'archive' | 'manifest' = 'nothing'
  private readonly manifestChunks: Uint8Array[] = []
  private readonly count: number
  protected readonly emit: (item: BackupItem) => void

  constructor(count: number, emit: (item: BackupItem) => void) {
    this.count = count
    this.emit = emit
  }

  abstract copyStarted(): void
  abstract copyData(chunk: Uint8Array): void
  abstract copyEnded(): void

  isWhole(): boolean {
    return this.inside === 'nothing' && this.archives === this.count && this.manifestChunks.length > 0
  }

  manifest(): Uint8Array {
    return Buffer.concat(this.manifestChunks)
  }

  protected begin(kind: 'archive' | 'manifest'): void {
    this.inside = kind
    if (kind === 'archive') this.emit({ kind: 'archive', index: this.archives++ })
    if (this.archives > this.count) throw unexpected('more archives than announced')
  }

  protected bytes(chunk: Uint8Array): void {
    // The parser uses its buffer again for the next message.
    const kept = Uint8Array.from(chunk)
    if (this.inside === 'archive') this.emit({ kind: 'bytes', bytes: kept })
    else if (this.inside === 'manifest') this.manifestChunks.push(kept)
    else throw unexpected('bytes outside of an archive')
  }

  protected end(): void {
    if (this.inside === 'archive') this.emit({ kind: 'archive-end' })
    this.inside = 'nothing'
  }

  protected get isLast(): boolean {
    return this.archives === this.count
  }
}

/** 15 and newer: one copy, its messages tagged. */
class TaggedSorter extends Sorter {
  copyStarted(): void {}

  copyData(chunk: Uint8Array): void {
    const rest = chunk.subarray(1)
    if (chunk[0] === tags.data) this.bytes(rest)
    else if (chunk[0] === tags.archive) this.next('archive')
    else if (chunk[0] === tags.manifest) this.next('manifest')
    else if (chunk[0] !== tags.progress) throw unexpected(`a message of type ${chunk[0]}`)
  }

  copyEnded(): void {
    this.end()
  }

  private next(kind: 'archive' | 'manifest'): void {
    this.end()
    this.begin(kind)
  }
}

/** 13 and 14: a copy for each archive, without the zero blocks at its end, then one for the manifest. */
class PlainSorter extends Sorter {
  copyStarted(): void {
    this.begin(this.isLast ? 'manifest' : 'archive')
  }

  copyData(chunk: Uint8Array): void {
    this.bytes(chunk)
  }

  copyEnded(): void {
    if (this.inside === 'archive') this.bytes(trailer)
    this.end()
  }
}

export const copyDemultiplexer = (
  tagged: boolean,
  count: number,
  emit: (item: BackupItem) => void,
): CopyDemultiplexer => (tagged ? new TaggedSorter(count, emit) : new PlainSorter(count, emit))
