import type { VaultKey } from '../crypto/keys.ts'
import type { VaultErrorCode } from '../errors.ts'
import type { Drafts } from '../storage/storage.ts'
import type { CutOptions } from '../types.ts'
import type { BlobList } from './blob-list.ts'
import type { SharedSlots } from './pack-slots.ts'
import type { StagedPack, StagedRest } from './pack-stage.ts'
import type { SharedBlob } from './shared-blobs.ts'
import type { WholeContent } from './whole-content.ts'

// What the main thread and the workers of an upload say to each other. The main thread walks, builds trees and stores
// finished packs; workers read, cut, hash, compress and seal. Bulk travels in transferred buffers.

type Bytes = Uint8Array<ArrayBuffer>

/** What a worker is started with. */
export interface WorkerStart {
  readonly key: VaultKey
  readonly polynomial: bigint
  /** Version 1 of the format knows no compression. */
  readonly compress: boolean
  /** A pack is closed when its blobs reach this many bytes. */
  readonly packBytes: number
  /** The IdTable of data blobs. */
  readonly table: SharedArrayBuffer
  /** See `creditWords`. */
  readonly credit: SharedArrayBuffer
  /** Where packs are until they are stored: PackSlots. */
  readonly slots: SharedSlots
  /** On a disk: a file for each slot. */
  readonly drafts?: Drafts
}

/** Numbers that both sides change while they work, as words of a shared Int32Array. */
export const creditWords = {
  /** How many blobs of a large file other workers would take over now. */
  wantedRanges: 0,
} as const

/** What a worker can be asked for. */
export interface Requests {
  /** Files to read whole: their paths' bytes, each ended by NUL. */
  readonly files: CutOptions & { readonly paths: Bytes }
  /** Files that nobody has looked at. */
  readonly unseen: CutOptions & { readonly folders: readonly NamesInFolder[] }
  /** Whole contents, one behind the other, with their lengths. */
  readonly contents: CutOptions & { readonly bytes: Bytes; readonly lengths: Uint32Array<ArrayBuffer> }
  /** A large file, open already. The worker may give pieces of it to others. */
  readonly large: CutOptions & { readonly fd: number }
  /** One blob of a large file. */
  readonly range: { readonly fd: number; readonly offset: number; readonly length: number }
  /** One blob of a stream. */
  readonly blob: SharedBlob
  /** The next `length` bytes of a stream, at `at` in its memory, which comes with the first piece, as does how it is cut. */
  readonly piece: StreamOptions & {
    readonly stream: number
    readonly memory?: SharedArrayBuffer
    readonly at: number
    readonly length: number
  }
  /** A stream that the worker reads itself, and closes; from when the first word of `taken` is 1 it is the worker's. */
  readonly pipe: StreamOptions & {
    readonly stream: number
    readonly fd: number
    /** What comes before all that is read. */
    readonly begun: Uint8Array
    readonly taken: SharedArrayBuffer
  }
  readonly endOfStream: { readonly stream: number }
  /** Its source has failed: what came of it is not wanted. */
  readonly dropStream: { readonly stream: number }
  /** No more is to come: hand over what is not a full pack yet. */
  readonly finish: object
}

export interface StreamOptions extends CutOptions {
  /** Whether it is to be told about as a whole. */
  readonly digest?: boolean
}

/** What it answers. */
export interface Results {
  readonly files: CutContents
  readonly unseen: SeenFiles
  readonly contents: CutContents
  readonly large: CutFile
  readonly range: CutFile
  readonly blob: CutFile
  readonly piece: object
  readonly pipe: CutWhole
  readonly endOfStream: CutWhole
  readonly dropStream: object
  readonly finish: StagedRest
}

/** Files of one folder. */
export interface NamesInFolder {
  readonly folder: Uint8Array
  /** With NUL between them; bytes, one a character. */
  readonly names: string
}

/** Of each file in order. */
export interface SeenFiles {
  /** Their nodes as a tree has them, one behind the other; nothing of those that are large or unusual, or could not be read. */
  readonly nodes: Bytes
  /** Where each node ends. */
  readonly ends: Uint32Array<ArrayBuffer>
  readonly sizes: Float64Array<ArrayBuffer>
  readonly unread: readonly Unread[]
}

export interface CutContents {
  /** How many blobs each content has; their ids follow each other in `ids`, 32 bytes each. */
  readonly blobs: Uint32Array<ArrayBuffer>
  /** Bytes of each content. */
  readonly sizes: Float64Array<ArrayBuffer>
  readonly ids: Bytes
  /** Contents that could not be read; they have no blobs. */
  readonly unread: readonly Unread[]
}

export interface CutFile {
  /** Where a blob was given away, 32 zero bytes. */
  readonly ids: Bytes
  /** Bytes of the blobs that were not given away. */
  readonly size: number
  readonly unread?: Unread
}

/** A stream to its end. */
export interface CutWhole extends CutFile {
  readonly whole?: WholeContent
}

export interface Unread {
  /** Place among the contents. */
  readonly index: number
  /** The name of the system's error, like ENOENT. */
  readonly code: string
  readonly message: string
}

export type Kind = keyof Requests

export type ToWorker = {
  readonly [K in Kind]: { readonly kind: K; readonly job: number; readonly request: Requests[K] }
}[Kind]

export type FromWorker =
  | { readonly kind: 'done'; readonly job: number; readonly result: Results[Kind] }
  /** A finished pack file with data blobs. */
  | ({ readonly kind: 'pack' } & StagedPack)
  /** Another worker is to do this piece, the blob of this place, of the file of `job`. */
  | {
      readonly kind: 'give-range'
      readonly job: number
      readonly place: number
      readonly offset: number
      readonly length: number
    }
  /** Another worker is to do this, the blob of this place, of a stream. */
  | { readonly kind: 'give-blob'; readonly stream: number; readonly place: number; readonly blob: SharedBlob }
  /** Bytes of what `job` reads since it told last. */
  | { readonly kind: 'progress'; readonly job: number; readonly bytes: number }
  /** The worker cannot go on; the upload fails. */
  | { readonly kind: 'failed'; readonly code: VaultErrorCode; readonly message: string; readonly hint?: string }

/** The buffers in a result, to be transferred. */
export const buffersOf = (result: object): ArrayBuffer[] =>
  Object.values(result).flatMap((value: unknown) => {
    if (ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer) return [value.buffer]
    return isBlobList(value) ? [value.ids.buffer, value.lengths.buffer] : []
  })

const isBlobList = (value: unknown): value is BlobList =>
  typeof value === 'object' && value !== null && 'ids' in value && 'lengths' in value
