import { PackCache } from '../pack-cache.ts'
import { BlobOpener } from '../reading/blob-opener.ts'
import { Engine } from '../wasm/engine.ts'
import type { CheckState } from './check-state.ts'
import { isFinding } from './is-finding.ts'

/** A tree, or the findings because of which it cannot be had. */
export type ReadTree = { readonly bytes: Buffer; readonly file: string } | { readonly faults: readonly number[] }

/** Reads trees from whichever copy is good, and marks the copies that are not. */
export class TreeReader {
  readonly #state: CheckState
  readonly #packs: PackCache
  readonly #opener: BlobOpener

  constructor(state: CheckState) {
    const { storage, key, config } = state.repository
    this.#state = state
    this.#packs = new PackCache(storage)
    this.#opener = new BlobOpener(key, new Engine({ key, polynomial: config.polynomial }))
  }

  async read(id: string): Promise<ReadTree> {
    for (const entry of this.#state.index.entriesOf('tree', id)) {
      const bytes = this.#state.isGood(entry) && (await this.#open(entry))
      if (bytes) return { bytes, file: this.#state.fileOf(entry) }
    }
    return { faults: this.#state.faultsOf('tree', id) }
  }

  async #open(entry: number): Promise<Buffer | undefined> {
    const { index, findings } = this.#state
    const place = index.location(entry)
    try {
      const stored = await this.#packs.read(place, index.endOfBlobs(index.packOf(entry)))
      // A copy: the next one goes into the same memory.
      return Buffer.from(this.#opener.open(place, index.idOf(entry), stored))
    } catch (error) {
      if (!isFinding(error)) throw error
      const file = this.#state.fileOf(entry)
      const message = `the folder list ${place.id} in ${file} is damaged: ${error.message}`
      this.#state.spoil(
        entry,
        findings.once(`${file} ${entry}`, () => findings.add('damage', 'blob-damaged', file, message)),
      )
      return undefined
    }
  }
}
