import type { Storage } from '../storage/storage.ts'
import { Permits } from './permits.ts'
import type { StoredRange } from './stored-range.ts'

/** Loads stretches of packs for threads, as many at once as the storage likes. */
export class RangeLoader {
  readonly #storage: Storage
  readonly #requests: Permits

  constructor(storage: Storage) {
    this.#storage = storage
    this.#requests = new Permits(this.ahead)
  }

  /** How many stretches are worth asking for before they are needed. */
  get ahead(): number {
    return this.#storage.connections ?? 2
  }

  /** Rejects as the storage does; where threads read by themselves, they find out. */
  async load(pack: string, offset: number, length: number): Promise<StoredRange> {
    const path = this.#storage.localPath?.('data', pack)
    if (path !== undefined) return { path, offset, length }
    return { bytes: ownBytes(await this.#requests.with(1, () => this.#storage.loadPart('data', pack, offset, length))) }
  }
}

/** The bytes in a buffer that can be given to another thread; copied where they share one. */
function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  return buffer instanceof ArrayBuffer && byteLength === buffer.byteLength
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes)
}
