import { VaultError } from '../errors.ts'
import { isId } from '../format/id.ts'
import { storagePath } from './layout.ts'
import type { FileType, Storage, StoredFile } from './storage.ts'

export interface MemoryStorageOptions {
  /** A save that would make the files together larger than this rejects with storage-full. Default: no limit. */
  readonly capacityBytes?: number
}

/** Keeps a vault in memory, for tests and throwaway vaults; it behaves as a disk does, full disks included. */
export class MemoryStorage implements Storage {
  readonly location = 'memory'
  readonly #files = new Map<string, Buffer>()
  readonly #capacity: number

  constructor(options: MemoryStorageOptions = {}) {
    this.#capacity = options.capacityBytes ?? Infinity
  }

  async prepare(): Promise<void> {}

  async list(type: FileType): Promise<readonly StoredFile[]> {
    if (type === 'config') return this.#files.has('config') ? [{ name: '', size: this.#file(type, '').length }] : []
    const entries = [...this.#files].filter(([path]) => path.startsWith(`${type}/`))
    return entries.map(([path, bytes]) => ({ name: path.slice(path.lastIndexOf('/') + 1), size: bytes.length }))
  }

  async size(type: FileType, name: string): Promise<number | undefined> {
    return this.#files.get(storagePath(type, name))?.length
  }

  async load(type: FileType, name: string): Promise<Buffer> {
    return Buffer.from(this.#file(type, name))
  }

  async loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    const part = this.#file(type, name).subarray(offset, offset + length)
    if (part.length === length) return Buffer.from(part)
    throw new VaultError('vault-damaged', `${storagePath(type, name)} ends before byte ${offset + length}`)
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    if (type !== 'config' && !isId(name)) throw new VaultError('bad-input', `not a name of a vault's file: ${name}`)
    const path = storagePath(type, name)
    const others = this.#usedBytes() - (this.#files.get(path)?.length ?? 0)
    if (others + bytes.length > this.#capacity) throw new VaultError('storage-full', `no space left for ${path}`)
    this.#files.set(path, Buffer.from(bytes))
  }

  async remove(type: FileType, name: string): Promise<void> {
    this.#files.delete(storagePath(type, name))
  }

  #usedBytes(): number {
    if (this.#capacity === Infinity) return 0
    return this.#files.values().reduce((sum, bytes) => sum + bytes.length, 0)
  }

  #file(type: FileType, name: string): Buffer {
    const path = storagePath(type, name)
    const bytes = this.#files.get(path)
    if (!bytes) throw new VaultError('file-missing', `${path} is not in the vault`)
    return bytes
  }
}
