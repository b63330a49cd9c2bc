import fs from 'node:fs'
import type { NodeMetadata } from '../format/node.ts'
import type { Looking } from '../types.ts'
import { hasMany } from './has-many.ts'
import { LookAhead, worthThread } from './look-ahead.ts'
import { readNode } from './node-reader.ts'

/**
 * Begins to look at a folder that is going to be saved beside an earlier point, for `saveFolder`: where there is much in it, a
 * thread does so while the vault is opened, locked and read. The folder is saved as it is from this moment on: whatever has to be
 * stopped before, or to have happened, must have been. To be ended whatever becomes of it.
 */
export const lookAhead = (folder: string): Looking => new EarlyLook(folder)

// Who was asked for a password meanwhile may have changed something that is expected in the point.
const longestWaitMs = 10_000

/** The folder itself, so that it is known for the same one later. */
type Top = { readonly path: Buffer } & Pick<NodeMetadata, 'deviceId' | 'inode'>

/** A look that begins with itself. */
export class EarlyLook implements Looking {
  readonly begun: Promise<boolean>
  readonly #top: Top | undefined
  readonly #began = performance.now()
  #ahead: LookAhead | undefined
  /** It was taken, or ended. */
  #isOver = false

  /** `worthwhile`: entries that a thread is worth. */
  constructor(folder: string, worthwhile = worthThread) {
    this.#top = topOf(folder)
    this.begun = this.#begin(worthwhile)
  }

  /** Whether all was looked at. */
  get isDone(): boolean {
    return this.#ahead?.isDone ?? false
  }

  /**
   * For who saves this very folder, once; theirs to end. undefined where there is not much in it, for any other folder, also one
   * that took its place since, and when it was long ago.
   */
  take({ path, deviceId, inode }: Top): LookAhead | undefined {
    const top = this.#top
    const isSame = top?.path.equals(path) && top.deviceId === deviceId && top.inode === inode
    if (this.#isOver || !isSame || performance.now() - this.#began > longestWaitMs) return undefined
    this.#isOver = true
    return this.#ahead
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.begun
    await this.#ahead?.end()
  }

  async #begin(worthwhile: number): Promise<boolean> {
    const isWorth = this.#top && (await hasMany(this.#top.path, worthwhile, () => this.#isOver))
    if (!isWorth || this.#isOver) return false
    this.#ahead = new LookAhead(this.#top.path)
    this.#ahead.begin()
    return true
  }
}

/** undefined where it is none: who saves it finds out why. */
function topOf(folder: string): Top | undefined {
  try {
    const path = fs.realpathSync.native(Buffer.from(folder), { encoding: 'buffer' })
    const { type, deviceId, inode } = readNode(path).metadata
    return type === 'dir' ? { path, deviceId, inode } : undefined
  } catch {
    return undefined
  }
}
