import type { PackedLook } from './folder-look.ts'

/** What a thread is to go through: `top` and everything below it that a walk comes to after the folder `after`; empty: all of it. */
export interface WalkRequest {
  readonly top: Uint8Array
  readonly after: Uint8Array
  /** One word: how much of what was told is not needed any more, as `weightOf` counts it. The thread stays some ahead of it. */
  readonly taken: SharedArrayBuffer
}

/** One folder; without a look, it cannot be told what is in it and below it. */
export interface Look {
  readonly folder: Uint8Array
  readonly look: PackedLook | undefined
}

/** Folders in the walk's order. The first of all tells that the thread is there, the last that it is done. */
export interface LookAnswer {
  readonly looks: readonly Look[]
  readonly done: boolean
}

/** Of a look: its folder, and the names in it. */
export const weightOf = ({ look }: Look): number => 1 + (look?.ends.length ?? 0)
