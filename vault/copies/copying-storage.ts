import { idOf } from '../format/id.ts'
import type { FileType, Storage, StoredFile } from '../storage/storage.ts'
import type { CopyFolder } from './copy-folder.ts'

// What is read over and over, and whole. Keys and locks are not: whether they are there is the question.
const copied: readonly FileType[] = ['index', 'snapshots']

/**
 * A storage far away, of whose index and snapshot files copies are kept here. Which files there are is always asked of the
 * storage itself: a copy stands for a file only as long as the last list has it, and its bytes are what its name says.
 */
export class CopyingStorage implements Storage {
  readonly location: string
  readonly connections?: number
  readonly #storage: Storage
  readonly #copies: CopyFolder
  readonly #listed = new Map<FileType, ReadonlySet<string>>()

  constructor(storage: Storage, copies: CopyFolder) {
    this.location = storage.location
    if (storage.connections !== undefined) this.connections = storage.connections
    this.#storage = storage
    this.#copies = copies
  }

  prepare(): Promise<void> {
    return this.#storage.prepare()
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    const files = await this.#storage.list(type)
    if (copied.includes(type)) {
      const names = new Set(files.map(({ name }) => name))
      this.#listed.set(type, names)
      await this.#copies.keepOnly(type, names)
    }
    return files
  }

  size(type: FileType, name: string): Promise<number | undefined> {
    return this.#storage.size(type, name)
  }

  async load(type: FileType, name: string): Promise<Buffer> {
    const listed = this.#listed.get(type)?.has(name) ?? false
    const copy = listed ? await this.#copies.read(`${type}/${name}`) : undefined
    if (copy && idOf(copy) === name) return copy
    const bytes = await this.#storage.load(type, name)
    if (listed && idOf(bytes) === name) await this.#copies.keep(`${type}/${name}`, bytes)
    return bytes
  }

  loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    return this.#storage.loadPart(type, name, offset, length)
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    await this.#storage.save(type, name, bytes)
    if (copied.includes(type)) await this.#copies.keep(`${type}/${name}`, bytes)
  }

  async remove(type: FileType, name: string): Promise<void> {
    await this.#storage.remove(type, name)
    if (copied.includes(type)) await this.#copies.drop(`${type}/${name}`)
  }

  async removeLeftovers(before: number): Promise<number> {
    return (await this.#storage.removeLeftovers?.(before)) ?? 0
  }

  async close(): Promise<void> {
    await this.#storage.close?.()
  }
}
