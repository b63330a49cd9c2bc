import type { CutOptions } from '../types.ts'
import { release } from '../wasm/engine.ts'
import type { NamesInFolder, SeenFiles, Unread } from './messages.ts'
import type { UploadParts } from './upload-parts.ts'

const batchFiles = 256

/** Something that its folder calls a file, and nobody has looked at. */
export interface UnseenFile {
  readonly folder: { readonly path: Buffer }
  /** Its bytes, one a character. */
  readonly name: string
}

/** What becomes of it, told of each. */
export interface UnseenOutcome<F extends UnseenFile> {
  /** It is in the vault; this is its node. */
  readonly saved: (file: F, json: string, size: number) => void
  /** It is large, or something about it is unusual: it was only looked at. */
  readonly odd: (file: F) => void
  readonly unread: (file: F, why: Unread) => void
}

/**
 * Has files read of which this thread knows the name alone: a worker that opens a small one sees all that there is to be
 * said of it. So this thread neither asks the system about each, nor keeps what it said until the file is read.
 */
export class UnseenFiles<F extends UnseenFile> {
  readonly #parts: Pick<UploadParts, 'pool' | 'failure' | 'onProgress'>
  readonly #options: CutOptions
  readonly #outcome: UnseenOutcome<F>
  readonly #batches = new Set<Promise<void>>()
  #batch: F[] = []

  constructor(parts: Pick<UploadParts, 'pool' | 'failure' | 'onProgress'>, cut: CutOptions, outcome: UnseenOutcome<F>) {
    this.#parts = parts
    this.#options = cut.blockBytes ? { blockBytes: cut.blockBytes } : {}
    this.#outcome = outcome
  }

  /** A promise where there is no room for the next yet. */
  add(file: F): Promise<void> | void {
    this.#batch.push(file)
    if (this.#batch.length >= batchFiles) return this.#send()
  }

  /** Not all files have been told what became of them. */
  get isBusy(): boolean {
    return this.#batch.length + this.#batches.size > 0
  }

  /** Resolves when all files have been told what became of them. */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) await this.#send()
    await this.#parts.failure.during(Promise.all(this.#batches))
  }

  async #send(): Promise<void> {
    const files = this.#batch
    this.#batch = []
    const { answer } = await this.#parts.pool.give('unseen', { folders: byFolder(files), ...this.#options })
    const followed = answer
      .then(seen => this.#done(files, seen))
      .catch(error => this.#parts.failure.fail(error))
      .finally(() => this.#batches.delete(followed))
    this.#batches.add(followed)
  }

  #done(files: readonly F[], { nodes, ends, sizes, unread }: SeenFiles): void {
    const { saved, odd, unread: lost } = this.#outcome
    this.#parts.onProgress(
      0,
      sizes.reduce((sum, size) => sum + size, 0),
    )
    const reasons = new Map(unread.map(why => [why.index, why]))
    const text = Buffer.from(nodes.buffer, nodes.byteOffset, nodes.length)
    let at = 0
    for (const [i, file] of files.entries()) {
      const json = text.toString('utf8', at, (at = ends[i]!))
      const why = reasons.get(i)
      if (json) saved(file, json, sizes[i]!)
      else if (why) lost(file, why)
      else odd(file)
    }
    // Given back at once: hundreds would wait for the collector.
    release(nodes)
  }
}

/** Those of one folder follow each other. */
function byFolder(files: readonly UnseenFile[]): NamesInFolder[] {
  const folders: { folder: UnseenFile['folder']; names: string[] }[] = []
  for (const { folder, name } of files) {
    const last = folders.at(-1)
    if (last?.folder === folder) last.names.push(name)
    else folders.push({ folder, names: [name] })
  }
  // Copies, as the memory around them would go along.
  return folders.map(({ folder, names }) => ({ folder: new Uint8Array(folder.path), names: names.join('\0') }))
}
