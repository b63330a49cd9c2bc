import type { PlannedContents } from './contents.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Files that a thread is to make, or to compare with what is there. In arrays, as there are many small ones. */
export interface FileList extends PlannedContents {
  /** The files' paths, each ended by NUL. */
  readonly paths: Bytes
  /** Blobs of each file. */
  readonly blobs: Uint32Array<ArrayBuffer>
  /** Mode, uid, gid of each. */
  readonly owners: Uint32Array<ArrayBuffer>
  /** atime, mtime of each, in nanoseconds since 1970. */
  readonly times: BigInt64Array<ArrayBuffer>
}

/** How they are to be made; see RestoreOptions. */
export interface FileSettings {
  readonly sparse: boolean
  readonly owners: boolean
  /** Each is brought to disk by itself. */
  readonly sync: boolean
}

/** A piece of a large file, which is open. */
export interface FilePart extends PlannedContents {
  readonly fd: number
  readonly position: number
  readonly sparse: boolean
}

export const fileOutcome = { undone: 0, done: 1, absent: 2 } as const

export interface FilesDone {
  /** Of each file one of `fileOutcome`. What is not done is as it was before. */
  readonly outcomes: Bytes
  /** What could not be brought back of files that are done. */
  readonly warnings: readonly { readonly file: number; readonly what: string }[]
}

/** One file of a list. */
export interface ListedFile {
  readonly number: number
  readonly path: Buffer
  readonly firstBlob: number
  readonly blobs: number
  readonly metadata: {
    readonly type: 'file'
    readonly mode: number
    readonly uid: number
    readonly gid: number
    readonly atime: bigint
    readonly mtime: bigint
  }
}

/** The files one by one. */
export function* filesOf({ paths, blobs, owners, times }: FileList): Generator<ListedFile> {
  for (let number = 0, at = 0, firstBlob = 0; number < blobs.length; firstBlob += blobs[number++]!) {
    const end = paths.indexOf(0, at)
    const path = Buffer.from(paths.buffer, at, end - at)
    at = end + 1
    const [mode, uid, gid] = [owners[number * 3]!, owners[number * 3 + 1]!, owners[number * 3 + 2]!]
    const [atime, mtime] = [times[number * 2]!, times[number * 2 + 1]!]
    yield { number, path, firstBlob, blobs: blobs[number]!, metadata: { type: 'file', mode, uid, gid, atime, mtime } }
  }
}
