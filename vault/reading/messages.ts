import type { VaultKey } from '../crypto/keys.ts'
import type { FileList, FilePart, FilesDone, FileSettings } from './file-list.ts'
import type { NamedPack, PackToVerify } from './pack-verifier.ts'

// What the main thread and the threads that read say to each other. The main thread walks, plans and loads; the threads
// decrypt, expand, verify. What they cannot do, or do not find good, the main thread does again by itself, slowly:
// that is where it is found out what exactly is wrong.

/** What a thread is started with, or told later. */
export interface ThreadStart {
  readonly key: VaultKey
  /** The repository's chunker polynomial. */
  readonly polynomial: bigint
}

/** What a thread can be asked for. */
export interface Requests {
  /** The one thing that needs no key. */
  readonly hash: NamedPack
  readonly pack: PackToVerify
  readonly make: FilesJob
  /** Compares only, and needs no ranges. */
  readonly match: FilesJob
  readonly writePart: FilePart
  readonly matchPart: FilePart
}

export interface FilesJob {
  readonly list: FileList
  readonly settings: FileSettings
}

/** What it answers. */
export interface Results {
  /** Whether its name is its hash. */
  readonly hash: boolean
  /** Whether everything about it is good. */
  readonly pack: boolean
  readonly make: FilesDone
  readonly match: FilesDone
  /** Whether it was done. */
  readonly writePart: boolean
  readonly matchPart: boolean
}

export type Kind = keyof Requests

export type Question = {
  readonly [K in Kind]: { readonly kind: K; readonly job: number; readonly request: Requests[K] }
}[Kind]

export type ToThread = Question | { readonly kind: 'start'; readonly start: ThreadStart }

export interface FromThread {
  readonly job: number
  readonly result: Results[Kind]
}
