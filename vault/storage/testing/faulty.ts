import type { FileType, Storage, StoredFile } from '../storage.ts'

export type Operation = 'list' | 'size' | 'load' | 'loadPart' | 'save' | 'remove'

/** Called before every operation; what it throws, the operation rejects with. It may wait, too. */
export type Fault = (operation: Operation, type: FileType, name: string) => void | Promise<void>

/** A storage that fails where a test wants it to; otherwise it is `storage`. */
export class FaultyStorage implements Storage {
  readonly location: string
  readonly #storage: Storage
  readonly #fault: Fault
  readonly drafts?: NonNullable<Storage['drafts']>
  readonly saveDraft?: NonNullable<Storage['saveDraft']>
  readonly removeDrafts?: NonNullable<Storage['removeDrafts']>

  constructor(storage: Storage, fault: Fault) {
    this.location = storage.location
    this.#storage = storage
    this.#fault = fault
    if (!storage.drafts) return
    this.drafts = count => storage.drafts!(count)
    this.saveDraft = async (type, name, draft) => {
      await this.#fault('save', type, name)
      return storage.saveDraft!(type, name, draft)
    }
    this.removeDrafts = drafts => storage.removeDrafts!(drafts)
  }

  prepare(): Promise<void> {
    return this.#storage.prepare()
  }

  async list(type: FileType): Promise<readonly StoredFile[]> {
    await this.#fault('list', type, '')
    return this.#storage.list(type)
  }

  async size(type: FileType, name: string): Promise<number | undefined> {
    await this.#fault('size', type, name)
    return this.#storage.size(type, name)
  }

  async load(type: FileType, name: string): Promise<Buffer> {
    await this.#fault('load', type, name)
    return this.#storage.load(type, name)
  }

  async loadPart(type: FileType, name: string, offset: number, length: number): Promise<Buffer> {
    await this.#fault('loadPart', type, name)
    return this.#storage.loadPart(type, name, offset, length)
  }

  async save(type: FileType, name: string, bytes: Uint8Array): Promise<void> {
    await this.#fault('save', type, name)
    return this.#storage.save(type, name, bytes)
  }

  async remove(type: FileType, name: string): Promise<void> {
    await this.#fault('remove', type, name)
    return this.#storage.remove(type, name)
  }

  async close(): Promise<void> {
    await this.#storage.close?.()
  }
}
