import type { VaultKey } from './crypto/keys.ts'
import { seal, unseal } from './crypto/seal.ts'
import { VaultError } from './errors.ts'
import type { Config } from './format/config.ts'
import { idOf } from './format/id.ts'
import { decodeUnpacked, encodeUnpacked } from './format/unpacked.ts'
import type { Storage } from './storage/storage.ts'
import { aboutFile, loadVerified } from './stored-file.ts'

/** The types of file that hold one sealed JSON document. */
export type UnpackedType = 'index' | 'locks' | 'snapshots'

/** A vault's storage with the key that opens what lies in it, and its config. */
export class Repository {
  readonly storage: Storage
  readonly key: VaultKey
  readonly config: Config

  constructor(storage: Storage, key: VaultKey, config: Config) {
    this.storage = storage
    this.key = key
    this.config = config
  }

  /** For people: the path or URL of the storage. */
  get location(): string {
    return this.storage.location
  }

  /** The JSON of a file, verified by its name and its MAC. Rejects with file-missing or vault-damaged, naming it. */
  async loadUnpacked(type: UnpackedType, id: string): Promise<Buffer> {
    const sealed = await loadVerified(this.storage, type, id)
    return aboutFile(type, id, () => decodeUnpacked(unseal(this.key, sealed)))
  }

  /** Seals and stores a JSON document, and returns its id. What is stored was first opened again and found equal. */
  async saveUnpacked(type: UnpackedType, json: Uint8Array): Promise<string> {
    const sealed = seal(this.key, encodeUnpacked(json, this.config.version))
    // A flipped bit of bad memory would otherwise be stored for good.
    if (!decodeUnpacked(unseal(this.key, sealed)).equals(json))
      throw new VaultError('storage-failed', `what was to be stored in ${type} cannot be read back`, {
        hint: 'this points to bad memory or a broken program; nothing was stored',
      })
    const id = idOf(sealed)
    await this.storage.save(type, id, sealed)
    return id
  }
}
