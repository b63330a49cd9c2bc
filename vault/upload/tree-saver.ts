import { hash } from 'node:crypto'
import { seal, unseal } from '../crypto/seal.ts'
import { compress, expand } from '../format/compress.ts'
import type { Repository } from '../repository.ts'
import type { Failure } from './failure.ts'
import type { IdTable } from './id-table.ts'
import { PackBuilder } from './pack-builder.ts'
import { didNotDecode, type FinishedPack } from './pack-stage.ts'
import type { PackStore } from './pack-store.ts'

/** Packs of trees that may wait to be stored before their makers wait too. */
const maxUnstoredPacks = 2

export interface TreeSaverOptions {
  readonly repository: Repository
  readonly trees: IdTable
  readonly store: PackStore
  readonly failure: Failure
  readonly packBytes: number
}

/** Stores the lists of folders, each once, in packs of their own. */
export class TreeSaver {
  readonly #options: TreeSaverOptions
  readonly #packs: PackBuilder
  readonly #unstored = new Set<Promise<void>>()

  constructor(options: TreeSaverOptions) {
    this.#options = options
    this.#packs = new PackBuilder(options.repository.key, 'tree', options.packBytes)
  }

  /** Takes a tree's document; resolves with its blob id when there is room for the next. */
  async save(document: Buffer): Promise<string> {
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

  async #add(id: Buffer, document: Buffer): Promise<void> {
    const { repository, failure } = this.#options
    const isCompressed = repository.config.version > 1
    const plain = isCompressed ? compress(document) : document
    const sealed = seal(repository.key, plain)
    const opened = unseal(repository.key, sealed)
    if (!hash('sha256', isCompressed ? expand(opened, document.length) : opened, 'buffer').equals(id))
      throw didNotDecode()
    this.#send(this.#packs.add(id, sealed, isCompressed ? document.length : 0))
    while (this.#unstored.size >= maxUnstoredPacks) await failure.during(Promise.race(this.#unstored))
  }

  #send(pack: FinishedPack | undefined): void {
    if (!pack) return
    const storing = this.#options.store.store(pack, 'tree').finally(() => this.#unstored.delete(storing))
    this.#unstored.add(storing)
  }
}
