import type { CutOptions } from '../types.ts'
import { cutLargeFile } from './large-file.ts'
import { idTexts, unreadBecauseOf } from './id-list.ts'
import type { CutContents, CutFile, Unread } from './messages.ts'
import type { UploadParts } from './upload-parts.ts'

const MiB = 1024 * 1024
const batchBytes = 2 * MiB
const batchFiles = 256
/** From here on a file is worth the work of several. */
const largeBytes = 16 * MiB
const largeAtOnce = 2

/** A file to be read. */
export interface PendingFile {
  readonly path: Buffer
  /** Bytes that it had when it was looked at. */
  readonly size: number
  /** Called with its blobs and what they hold together, which may be more or less. */
  readonly cut: (content: readonly string[], size: number) => void
  readonly unread: (why: Unread) => void
}

type Parts = Pick<UploadParts, 'pool' | 'failure' | 'onProgress'>

/** Has files read by the workers, small ones many at a time. */
export class FileBatcher {
  readonly #parts: Parts
  readonly #cutOptions: CutOptions
  #batch: PendingFile[] = []
  #bytes = 0
  readonly #large = new Set<Promise<void>>()
  readonly #batches = new Set<Promise<void>>()

  constructor(parts: Parts, { blockBytes }: CutOptions = {}) {
    this.#parts = parts
    this.#cutOptions = blockBytes ? { blockBytes } : {}
  }

  /** Resolves when there is room for the next. */
  async add(file: PendingFile): Promise<void> {
    if (file.size >= largeBytes) return this.#addLarge(file)
    this.#batch.push(file)
    this.#bytes += file.size
    if (this.#bytes >= batchBytes || this.#batch.length >= batchFiles) await this.#send()
  }

  /** Resolves when all files have been told their blobs. */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) await this.#send()
    while (this.#large.size + this.#batches.size > 0)
      await this.#parts.failure.during(Promise.all([...this.#large, ...this.#batches]))
  }

  async #addLarge(file: PendingFile): Promise<void> {
    while (this.#large.size >= largeAtOnce) await this.#parts.failure.during(Promise.race(this.#large))
    this.#follow(this.#large, this.#cutLarge(file))
  }

  async #cutLarge(file: PendingFile): Promise<void> {
    try {
      const { ids, size, unread } = await this.#cutWhole(file)
      if (unread) file.unread(unread)
      else file.cut(idTexts(ids), size)
    } catch (error) {
      if (this.#parts.failure.failed) throw error
      file.unread(unreadBecauseOf(error))
    }
  }

  #cutWhole({ path }: PendingFile): Promise<CutFile> {
    const { pool, failure, onProgress } = this.#parts
    return cutLargeFile(path, pool, failure, { ...this.#cutOptions, onBytes: bytes => onProgress(0, bytes) })
  }

  async #send(): Promise<void> {
    const files = this.#batch
    this.#batch = []
    this.#bytes = 0
    const paths = joinPaths(files)
    const { answer } = await this.#parts.pool.give('files', { paths, ...this.#cutOptions }, [paths.buffer])
    this.#follow(
      this.#batches,
      answer.then(contents => this.#done(files, contents)),
    )
  }

  #done(files: readonly PendingFile[], contents: CutContents): void {
    this.#parts.onProgress(
      0,
      contents.sizes.reduce((sum, size) => sum + size, 0),
    )
    tellEach(files, contents)
  }

  #follow(set: Set<Promise<void>>, work: Promise<void>): void {
    const followed = work.catch(error => this.#parts.failure.fail(error)).finally(() => set.delete(followed))
    set.add(followed)
  }
}

function tellEach(files: readonly PendingFile[], { ids, blobs, sizes, unread }: CutContents): void {
  const texts = idTexts(ids)
  const reasons = new Map(unread.map(why => [why.index, why]))
  let at = 0
  files.forEach((file, i) => {
    const content = texts.slice(at, (at += blobs[i]!))
    const why = reasons.get(i)
    if (why) file.unread(why)
    else file.cut(content, sizes[i]!)
  })
}

function joinPaths(files: readonly PendingFile[]): Uint8Array<ArrayBuffer> {
  const paths = Buffer.allocUnsafeSlow(files.reduce((sum, { path }) => sum + path.length + 1, 0))
  let at = 0
  for (const { path } of files) {
    paths.set(path, at)
    paths[at + path.length] = 0
    at += path.length + 1
  }
  return paths
}
