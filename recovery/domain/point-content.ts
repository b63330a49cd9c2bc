import type { FileEntry } from './file-entry.ts'
import type { Run } from './run.ts'

/** How many of what, and how many bytes of files. */
export interface Counts {
  readonly files: number
  readonly folders: number
  readonly others: number
  readonly bytes: number
}

/**
 * A server's data files change in place, page by page: cut into blobs of this size, aligned with the pages, a later point
 * stores the touched ones alone, and copies of the same server share them however they were taken, online or cold.
 */
export const databaseBlockBytes = 32 * 1024

/** A program's output: iterated here, or, instead, taken as the pipe that it comes through, which is quicker. */
export interface ProgramOutput extends AsyncIterable<Uint8Array> {
  /** Resolves to undefined where it can only be iterated. */
  takePipe(): Promise<TakenPipe | undefined>
}

/** An open pipe that nobody else reads; whoever has it closes it. */
export interface TakenPipe {
  readonly fd: number
  /** What was read of it already. */
  readonly begun: Uint8Array
  /** It is not read to its end: the program is to end. */
  abandon(): Promise<void>
}

/**
 * One thing that a source puts into a point. A stream's or entries' program can fail after its last byte, so they
 * come with `finished`, which must resolve before the part counts.
 */
export type Part =
  | {
      readonly kind: 'stream'
      readonly path: string
      readonly bytes: AsyncIterable<Uint8Array> | ProgramOutput
      readonly finished: Promise<void>
      /** Given the first 16 bytes when all is saved and `finished`; throws where they begin nothing of what it should be. */
      readonly check?: (head: Uint8Array) => void
    }
  | { readonly kind: 'file'; readonly path: string; readonly file: string }
  | {
      readonly kind: 'folder'
      readonly path: string
      readonly folder: string
      readonly select?: (path: Uint8Array, isFolder: boolean) => boolean
      /** See `databaseBlockBytes`. */
      readonly blockBytes?: number
    }
  | {
      readonly kind: 'entries'
      readonly path: string
      readonly entries: AsyncIterable<FileEntry>
      readonly finished: Promise<void>
      /** See `databaseBlockBytes`. */
      readonly blockBytes?: number
    }

/** What the point made of a part. */
export interface SavedPart extends Counts {
  /** Streams and files: SHA-256 of the content, 64 hex digits; '' otherwise. */
  readonly sha256: string
  /** Sockets, which hold no data. */
  readonly skipped: readonly string[]
  /** Folders: what was gone when it was to be read, so that the part may be half-way; absent if nothing was. */
  readonly gone?: readonly string[]
}

/** Where captured parts go; resolves when the part is saved whole (its `finished` included). Calls may run side by side. */
export interface PointWriter {
  save(part: Part): Promise<SavedPart>
  /**
   * Puts the file that the project's earlier point has at `path` into this one, unread, by what that point says of it. Resolves to
   * undefined, and nothing is saved, where there is no such point, or it has no file of that length there any more, or the vault
   * lacks any of it.
   */
  saveEarlier(path: string, file: { readonly bytes: number; readonly sha256: string }): Promise<SavedPart | undefined>
  /** Nothing more is to come of this point: whatever is being saved ends, and the point fails for this reason if it has not yet. */
  fail(reason: unknown): void
}

export interface ContentDifference {
  readonly path: string
  readonly what: string
}

/** What a source reads a point with. Every byte is verified before it is handed out. Paths are inside the point. */
export interface PointReader {
  exists(path: string): Promise<boolean>
  readFile(path: string): AsyncIterable<Uint8Array>
  entries(path: string): AsyncIterable<FileEntry>
  /** Into an absent or empty folder ('refuse'), or over one that exists, keeping equal files and refusing others ('merge'). */
  restoreFolder(
    path: string,
    target: string,
    options: { readonly existing: 'refuse' | 'merge' },
    run: Run,
  ): Promise<Counts>
  /** `ignore` names what the way of transport cannot keep: 'xattr', 'mtime', 'owner', … */
  compareFolder(
    path: string,
    folder: string,
    ignore: readonly string[],
    run: Run,
  ): Promise<readonly ContentDifference[]>
  compareEntries(
    path: string,
    entries: AsyncIterable<FileEntry>,
    ignore: readonly string[],
    run: Run,
  ): Promise<readonly ContentDifference[]>
}
