import { constants } from 'node:buffer'
import { hash } from 'node:crypto'
import { seal, unseal } from '../crypto/seal.ts'
import { VaultError } from '../errors.ts'
import { compress, expand } from '../format/compress.ts'
import type { Repository } from '../repository.ts'
import type { Failure } from './failure.ts'
import type { IdTable } from './id-table.ts'
import { PackBuilder, type FinishedPack } from './pack-builder.ts'
import type { PackStore } from './pack-store.ts'
import { maxChunk } from './read-window.ts'
import { BlobSealer, didNotDecode } from './blob-sealer.ts'
import type { Engine } from '../wasm/engine.ts'

/** Packs of trees that may wait to be stored before their makers wait too. */
const maxUnstoredPacks = 2

export interface TreeSaverOptions {
  readonly repository: Repository
  /** Of this thread. */
  readonly engine: Engine
  readonly trees: IdTable
  readonly store: PackStore
  readonly failure: Failure
  readonly packBytes: number
}

/** Stores the lists of folders, each once, in packs of their own. */
export class TreeSaver {
  readonly #options: TreeSaverOptions
  readonly #packs: PackBuilder
  readonly #sealer: BlobSealer
  readonly #unstored = new Set<Promise<void>>()

  constructor(options: TreeSaverOptions) {
    this.#options = options
    this.#sealer = new BlobSealer(options.engine, this.#isCompressed ? 'always' : 'never')
    this.#packs = new PackBuilder(options.repository.key, 'tree', options.packBytes)
  }

  /** Takes a tree's document; resolves with its blob id when there is room for the next. */
  async save(document: Buffer): Promise<string> {
    // Reading it again needs it as one string.
    if (document.length > constants.MAX_STRING_LENGTH)
      throw new VaultError(
        'vault-unsupported',
        `a folder has too many entries: its list has ${document.length} bytes`,
        {
          hint: 'spread the files of very large folders over several, or leave them out',
        },
      )
    const id = hash('sha256', document, 'buffer')
    if (this.#options.trees.claim(id)) await this.#add(id, document)
    return id.toString('hex')
  }

  /** Stores what is left. */
  async finish(): Promise<void> {
    this.#send(this.#packs.finish())
    await this.#options.failure.during(Promise.all(this.#unstored))
    this.#options.failure.throwIfFailed()
  }

  get #isCompressed(): boolean {
    return this.#options.repository.config.version > 1
  }

  async #add(id: Buffer, document: Buffer): Promise<void> {
    const { sealed, uncompressedLength } =
      document.length > maxChunk ? this.#sealLong(id, document) : this.#seal(id, document)
    this.#send(this.#packs.add(id, sealed, uncompressedLength))
    while (this.#unstored.size >= maxUnstoredPacks) await this.#options.failure.during(Promise.race(this.#unstored))
  }

  #seal(id: Buffer, document: Buffer): SealedTree {
    const { bytes, READ, STAGE } = this.#options.engine
    bytes.set(document, READ)
    const { length, uncompressedLength } = this.#sealer.seal(id, READ, document.length, STAGE)
    return { sealed: bytes.subarray(STAGE, STAGE + length), uncompressedLength }
  }

  /** The list of a folder with tens of thousands of entries: more than the engine's memory is made for. */
  #sealLong(id: Buffer, document: Buffer): SealedTree {
    const { key } = this.#options.repository
    const sealed = seal(key, this.#isCompressed ? compress(document) : document)
    const opened = unseal(key, sealed)
    const again = this.#isCompressed ? expand(opened, document.length) : opened
    if (!hash('sha256', again, 'buffer').equals(id)) throw didNotDecode()
    return { sealed, uncompressedLength: this.#isCompressed ? document.length : 0 }
  }

  #send(pack: FinishedPack | undefined): void {
    if (!pack) return
    const storing = this.#options.store.store(pack, 'tree').finally(() => this.#unstored.delete(storing))
    this.#unstored.add(storing)
  }
}

interface SealedTree {
  /** To be copied before the next is sealed. */
  readonly sealed: Uint8Array
  readonly uncompressedLength: number
}
