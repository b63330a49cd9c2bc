import type { BlobType } from '../format/pack.ts'
import type { Repository } from '../repository.ts'
import type { Failure } from './failure.ts'
import { PackBuilder, type FinishedPack } from './pack-builder.ts'
import type { PackStore } from './pack-store.ts'

/** Packs that may wait to be stored before no more is taken. */
const maxUnstoredPacks = 3

/** Puts blobs that are sealed already into packs, and these into the vault. */
export class SealedBlobSaver {
  readonly #store: PackStore
  readonly #failure: Failure
  readonly #packs: Readonly<Record<BlobType, PackBuilder>>
  readonly #unstored = new Set<Promise<void>>()

  constructor({ key }: Repository, store: PackStore, failure: Failure, packBytes: number) {
    this.#store = store
    this.#failure = failure
    this.#packs = { data: new PackBuilder(key, 'data', packBytes), tree: new PackBuilder(key, 'tree', packBytes) }
  }

  /** Copies `sealed`; resolves when there is room for the next. */
  async add(type: BlobType, id: Uint8Array, sealed: Uint8Array, uncompressedLength: number): Promise<void> {
    this.#send(this.#packs[type].add(id, sealed, uncompressedLength), type)
    while (this.#unstored.size >= maxUnstoredPacks) await this.#failure.during(Promise.race(this.#unstored))
  }

  /** Resolves when all that was added is durable, and listed by what `store` lists packs with. */
  async flush(): Promise<void> {
    for (const type of ['data', 'tree'] as const) this.#send(this.#packs[type].finish(), type)
    await this.#failure.during(Promise.all(this.#unstored))
    this.#failure.throwIfFailed()
  }

  #send(pack: FinishedPack | undefined, type: BlobType): void {
    if (!pack) return
    const storing = this.#store.store(pack, type).finally(() => this.#unstored.delete(storing))
    this.#unstored.add(storing)
  }
}
