import type { VaultKey } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import type { BlobReader } from '../files/blob-reader.ts'
import { idOf } from '../format/id.ts'
import type { CopyFolder } from './copy-folder.ts'

// A point's manifest and other small files that are looked at; contents are not kept.
const maxDataBytes = 64 * 1024
const maxTreeBytes = 4 * 1024 * 1024

/**
 * Hands out blobs to whoever looks around in a vault far away, and keeps sealed copies of folder lists and small files here:
 * looking again asks nothing of the vault. A copy is opened with the vault's key, and must be what its id says.
 */
export class CopyingReader implements BlobReader {
  readonly #reader: BlobReader
  readonly #key: VaultKey
  readonly #copies: CopyFolder

  constructor(reader: BlobReader, key: VaultKey, copies: CopyFolder) {
    this.#reader = reader
    this.#key = key
    this.#copies = copies
  }

  async readBlob(type: 'data' | 'tree', id: string): Promise<Buffer> {
    const name = `blobs/${id.slice(0, 2)}/${id}`
    const copy = this.#open(id, await this.#copies.use(name))
    if (copy) return copy
    const plain = await this.#reader.readBlob(type, id)
    if (plain.length <= (type === 'tree' ? maxTreeBytes : maxDataBytes))
      await this.#copies.keep(name, seal(this.#key, plain))
    return plain
  }

  #open(id: string, sealed: Buffer | undefined): Buffer | undefined {
    try {
      const plain = sealed && unseal(this.#key, sealed)
      return plain && idOf(plain) === id ? plain : undefined
    } catch {
      return undefined
    }
  }
}
