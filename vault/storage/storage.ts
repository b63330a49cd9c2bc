import type { Retries } from './retrying.ts'

/** The kinds of file a vault has; `config` is one file, addressed with the name ''. */
export type FileType = 'config' | 'data' | 'index' | 'keys' | 'locks' | 'snapshots'

/** Files that are begun, and that nobody takes for the vault's: threads write into them by themselves. */
export interface Drafts {
  /** Of the storage, for messages. */
  readonly location: string
  /** Paths of files that are not there. */
  readonly files: readonly string[]
  /** What they are to be made with. */
  readonly mode: number
}

export interface StoredFile {
  readonly name: string
  readonly size: number
}

/**
 * What the engine asks of a place that keeps files. Names are 64 lower-case hex digits ('' for config); other names in
 * the same folders are nobody's business and are not listed. Every adapter passes `conformance.ts`.
 */
export interface Storage {
  /** A path or URL for messages; never with credentials. */
  readonly location: string
  /** How many requests are worth having under way at once. Left out: 2, as for a disk. */
  readonly connections?: number
  /** Makes the place ready for a new vault (folders). Does nothing where nothing is needed. */
  prepare(): Promise<void>
  /** All files of a type, in no order. A place that does not exist has none. */
  list(type: FileType): Promise<readonly StoredFile[]>
  /** The size, or undefined if there is no such file. */
  size(type: FileType, name: string): Promise<number | undefined>
  /** The whole file, in memory that is the caller's alone. Rejects with file-missing, storage-failed, or vault-damaged where the disk has lost it. */
  load(type: FileType, name: string): Promise<Buffer>
  /** Exactly `length` bytes from `offset`, the caller's alone; where there are fewer, or the disk has lost them, rejects with vault-damaged. */
  loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer>
  /** Where files lie on a disk of this machine: the path of one, so that threads can read it by themselves. */
  localPath?(type: FileType, name: string): string
  /**
   * All or nothing, durable when it resolves; an existing file of that name is replaced by equal content. Only into a
   * place that was prepared: one that went away since (an unmounted disk) is not made again. Rejects with storage-full or
   * storage-failed and leaves nothing behind.
   */
  save(type: FileType, name: string, bytes: Uint8Array): Promise<void>
  /** Where files lie on a disk of this machine: places for so many that are written before they have a name. */
  drafts?(count: number): Promise<Drafts>
  /** The same as `save`, of a file of `drafts` that is written and closed; its place is free again when it resolves. */
  saveDraft?(type: FileType, name: string, draft: string): Promise<void>
  /** A file that is not there is no error. */
  remove(type: FileType, name: string): Promise<void>
  /** Those that are not wanted after all. */
  removeDrafts?(drafts: Drafts): Promise<void>
  /**
   * Where a killed program can leave unfinished files: removes those not changed since `before` (milliseconds since
   * 1970) and returns their bytes.
   */
  removeLeftovers?(before: number): Promise<number>
  /**
   * Ends connections and child processes, once nothing is under way. No error when there are none; what is asked
   * afterwards connects anew.
   */
  close?(): Promise<void>
}

/** How a storage is reached. Credentials come from the environment alone, never with the location. */
export interface StorageOptions {
  /** Where credentials and settings are looked up. Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv
  /** KiB a second, of all requests together; no limit where left out. */
  readonly limitUploadKiB?: number
  readonly limitDownloadKiB?: number
  /** Transient faults are waited out as this says. Left out: every request is made once. */
  readonly retries?: Retries
}
