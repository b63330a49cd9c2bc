import { VaultError } from '../errors.ts'
import { isPlainName, printablePath, splitPath } from '../files/path.ts'
import type { CutOptions, Entry, SavedFolder } from '../types.ts'
import { ContentBatcher } from './content-batcher.ts'
import { EntryTree, type EntryTreeOptions } from './entry-tree.ts'
import { idTexts } from './id-list.ts'
import { fileNode, otherNode, type Nameless } from './folder-draft.ts'
import { feedStream, untilFailure } from './stream-cutter.ts'
import { latin1 } from './tree-draft.ts'
import type { UploadParts } from './upload-parts.ts'

/** Files up to here are gathered; larger ones go to the workers piece by piece. */
const smallBytes = 512 * 1024
/** Large files whose last pieces may be in work while further entries are read. */
const cuttingAtOnce = 4

/** Saves a stream of entries, a tar file for example. */
export class EntriesSaver {
  readonly #parts: UploadParts
  readonly #tree: EntryTree
  readonly #cutOptions: CutOptions
  readonly #contents: ContentBatcher
  readonly #cutting = new Set<Promise<void>>()
  readonly #counts = { files: 0, others: 0, bytes: 0 }
  readonly #skipped: string[] = []

  constructor(parts: UploadParts, options: EntryTreeOptions & CutOptions) {
    this.#parts = parts
    this.#cutOptions = options.blockBytes ? { blockBytes: options.blockBytes } : {}
    this.#tree = new EntryTree(parts, options)
    this.#contents = new ContentBatcher(parts.pool, parts.failure, this.#cutOptions)
  }

  /** Rejects with the stream's error, and with bad-input if the entries make no sense. */
  async save(entries: AsyncIterable<Entry>): Promise<{ readonly node: Nameless; readonly saved: SavedFolder }> {
    const { failure } = this.#parts
    for await (const entry of untilFailure(entries, failure)) await this.#take(entry)
    await this.#contents.finish()
    await failure.during(Promise.all(this.#cutting))
    const { node, linked } = await this.#tree.close()
    for (const { type, size } of linked) this.#count(type, Number(size))
    return { node, saved: { ...this.#counts, folders: this.#tree.folders, skipped: this.#skipped } }
  }

  async #take(entry: Entry): Promise<void> {
    const path = pathOf(entry)
    const { type } = entry.metadata
    if (type === 'socket' || type === 'irregular') return void this.#skipped.push(printablePath(entry.path))
    if (type === 'dir') return this.#tree.addFolder(path, entry.metadata)
    if (path === '') throw badEntry(entry, 'is the top of its folder, but no folder')
    if (entry.hardLinkTo) return this.#tree.addLink(path, textOf(splitPath(entry.hardLinkTo)))
    if (type === 'file') return this.#takeFile(path, entry)
    this.#count(type, 0)
    this.#tree.add(path, otherNode(entry.metadata))
  }

  async #takeFile(path: string, entry: Entry): Promise<void> {
    if (entry.size > smallBytes) return this.#takeLarge(path, entry)
    const bytes = await this.#collect(entry)
    await this.#contents.add(bytes, content => {
      this.#parts.onProgress(0, bytes.length)
      this.#fileDone(path, entry, content, bytes.length)
    })
  }

  async #collect(entry: Entry): Promise<Buffer> {
    const pieces: Buffer[] = []
    let size = 0
    for await (const piece of untilFailure(entry.bytes ?? noBytes(), this.#parts.failure)) {
      size += piece.length
      if (size <= entry.size) pieces.push(Buffer.from(piece))
    }
    assertSize(entry, size)
    return Buffer.concat(pieces)
  }

  async #takeLarge(path: string, entry: Entry): Promise<void> {
    const { pool, failure, onProgress } = this.#parts
    const { cut } = await feedStream(entry.bytes ?? noBytes(), { pool, failure, ...this.#cutOptions }, bytes =>
      onProgress(0, bytes),
    )
    const cutting = cut
      .then(({ ids, size }) => {
        assertSize(entry, size)
        this.#fileDone(path, entry, idTexts(ids), size)
      })
      .catch(error => failure.fail(error))
      .finally(() => this.#cutting.delete(cutting))
    this.#cutting.add(cutting)
    while (this.#cutting.size >= cuttingAtOnce) await failure.during(Promise.race(this.#cutting))
  }

  #fileDone(path: string, { metadata }: Entry, content: readonly string[], size: number): void {
    this.#parts.onProgress(1, 0)
    this.#count('file', size)
    this.#tree.add(path, fileNode(metadata, content, size))
  }

  #count(type: string, size: number): void {
    this.#counts[type === 'file' ? 'files' : 'others']++
    this.#counts.bytes += size
  }
}

const textOf = (names: readonly Uint8Array[]): string => names.map(latin1).join('/')

function pathOf(entry: Entry): string {
  const names = splitPath(entry.path)
  if (names.every(isPlainName)) return textOf(names)
  throw badEntry(entry, 'leads out of its folder')
}

function assertSize(entry: Entry, size: number): void {
  if (BigInt(size) !== entry.size) throw badEntry(entry, `should have ${entry.size} bytes, but ${size} came`)
}

const badEntry = (entry: Entry, what: string): VaultError =>
  new VaultError('bad-input', `the entry ${printablePath(entry.path) || '(top)'} ${what}`)

async function* noBytes(): AsyncGenerator<Uint8Array> {}
