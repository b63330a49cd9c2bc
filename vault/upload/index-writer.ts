import { encodeIndex, maxBlobsOfIndex, parseIndex } from '../format/index-file.ts'
import type { BlobType } from '../format/pack.ts'
import type { Repository } from '../repository.ts'
import { listEntries, type BlobList } from './blob-list.ts'
import { didNotDecode } from './blob-sealer.ts'

/** A pack that is durable in the vault. */
export interface StoredPack {
  readonly id: string
  readonly type: BlobType
  readonly blobs: BlobList
}

// As restic: so that what a run of hours has stored is found again should it break off.
const longestWaitMs = 10 * 60_000

/** Writes index files: after the packs they list, a pack whole in one of them, never more blobs than restic puts in. */
export class IndexWriter {
  readonly #repository: Repository
  readonly #now: () => number
  readonly #mayWrite: () => Promise<void>
  #packs: StoredPack[] = []
  #blobs = 0
  #since = 0
  /** The files that are being written, one after the other. */
  #writing: Promise<void> = Promise.resolve()

  /**
   * `mayWrite` is awaited before each file, and rejects when none may be written any more: without our lock the packs
   * may have been pruned, and an index that names them would make others leave out what they believe to be there.
   */
  constructor(repository: Repository, now: () => number, mayWrite: () => Promise<void>) {
    this.#repository = repository
    this.#now = now
    this.#mayWrite = mayWrite
  }

  /** Resolves when there is room for the next; what was written so far has then not failed. */
  async add(pack: StoredPack): Promise<void> {
    if (this.#blobs + pack.blobs.count > maxBlobsOfIndex) this.#write()
    if (this.#packs.length === 0) this.#since = this.#now()
    this.#packs.push(pack)
    this.#blobs += pack.blobs.count
    if (this.#now() - this.#since >= longestWaitMs) this.#write()
    await this.#writing
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    this.#write()
    await this.#writing
  }

  /** Resolves when no file is being written any more. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => {})
  }

  #write(): void {
    const packs = this.#packs
    if (packs.length === 0) return
    this.#packs = []
    this.#blobs = 0
    this.#writing = this.#writing.then(() => this.#writeFile(packs))
    // Whoever adds or finishes is told; if nobody does any more, the upload has failed already.
    this.#writing.catch(() => {})
  }

  async #writeFile(packs: readonly StoredPack[]): Promise<void> {
    const entries = packs.flatMap((pack, i) => (i === 0 ? [encodePack(pack)] : [comma, encodePack(pack)]))
    await this.#mayWrite()
    await this.#repository.saveUnpacked('index', Buffer.concat([start, ...entries, end]))
  }
}

const [start, comma, end] = ['{"packs":[', ',', ']}\n'].map(text => Buffer.from(text)) as [Buffer, Buffer, Buffer]

// One by one: an index file's worth of blobs as objects would be many times the memory of its text.
function encodePack({ id, type, blobs }: StoredPack): Buffer {
  const document = encodeIndex({ packs: [{ id, blobs: listEntries(blobs, type) }] })
  if (!encodeIndex(parseIndex(document)).equals(document)) throw didNotDecode()
  return document.subarray(start.length, document.length - end.length)
}
