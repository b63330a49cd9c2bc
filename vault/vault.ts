import path from 'node:path'
import { checkRepository } from './check/check.ts'
import { PacksAhead } from './check/packs-ahead.ts'
import { compareEntries, compareFolder } from './compare.ts'
import { publicKeyOf, signBytes, signingKey } from './crypto/signature.ts'
import { copySnapshots, findCopies } from './copy/copy.ts'
import { createRepository } from './create.ts'
import { listKeys, type NewKey, type ScryptCost } from './keyring.ts'
import { addKey, removeKey, replaceKeys } from './keys.ts'
import { withLock, listLocks, unlock } from './locks.ts'
import { CopyFolder } from './copies/copy-folder.ts'
import { CopyingReader } from './copies/copying-reader.ts'
import { CopyingStorage } from './copies/copying-storage.ts'
import { whileReading } from './locks/read-lock.ts'
import { openRepository, type OpenedRepository } from './open.ts'
import { planPrune, prune } from './prune/prune.ts'
import { removeSnapshots } from './prune/remove-snapshots.ts'
import type { BlobReader } from './files/blob-reader.ts'
import { entries, findFolder, findNode, listFolder, readFile } from './read.ts'
import { repairRepository } from './repair/repair.ts'
import { Repository } from './repository.ts'
import { restoreFolder } from './restore.ts'
import { findSnapshot, listSnapshots } from './snapshots.ts'
import type { Storage } from './storage/storage.ts'
import type * as types from './types.ts'
import { withUploader } from './upload/uploader.ts'
import { VaultReader } from './vault-reader.ts'
import { verifySnapshot } from './verify-snapshot.ts'

export interface OpenOptions {
  readonly password: string
  /** Keys of this user name are tried after all others: the password is hardly theirs, and each attempt takes its time. */
  readonly triedLast?: string
  /** What keys that are added cost. Default: measured on this machine. */
  readonly scrypt?: ScryptCost
  /**
   * A folder of this machine for copies of index, snapshots, folder lists and small files, so that looking into a vault
   * far away is quick. The copies stay sealed; `check` and whatever deletes do not look at them.
   */
  readonly cacheFolder?: string
  /** A `check` of all data is what it is opened for: threads begin with what needs no key while that is being derived. */
  readonly readsAll?: boolean
}

/**
 * Makes a vault where there is none; `password` is its first key. What is returned has been opened anew with it. With
 * `like`, it cuts contents as that one does, so that copies of its points deduplicate with new ones. Rejects with
 * vault-exists if there is one, or part of one.
 */
export async function createVault(storage: Storage, first: NewKey, like?: types.Vault): Promise<types.Vault> {
  const polynomial = like && repositoryOf(like).config.polynomial
  return new OpenVault(await createRepository(storage, first, polynomial), first.scrypt)
}

/** Opens a vault, ours or restic's. Rejects with vault-missing, wrong-password, vault-damaged or vault-unsupported. */
export async function openVault(storage: Storage, options: OpenOptions): Promise<types.Vault> {
  const { password, triedLast, scrypt, cacheFolder, readsAll } = options
  const ahead = readsAll ? new PacksAhead(storage) : undefined
  try {
    const opened = await openRepository(storage, password, triedLast)
    const { id } = opened.repository.config
    ahead?.unlock(opened.repository)
    const copies = cacheFolder === undefined ? undefined : new CopyFolder(path.join(cacheFolder, id))
    return new OpenVault(opened, scrypt, copies, ahead)
  } catch (error) {
    await ahead?.end()
    throw error
  }
}

// Of folder lists and small files: many times what those of one project take.
const maxCopiedBytes = 128 * 1024 * 1024
// Unfinished files of killed programs are nobody's after so long.
const leftoverAfterMs = 24 * 60 * 60_000

/** What an opened vault is to this room alone. */
let repositoryOf: (vault: types.Vault) => Repository

/** The parts of this room behind the one interface that others see. Its promises stand in types.ts. */
class OpenVault implements types.Vault {
  readonly keyId: string
  readonly #repository: Repository
  /** The same with copies at hand, for what only reads and adds. */
  readonly #copied: Repository
  readonly #reader: VaultReader
  /** For looking around: it may read copies. What brings contents back reads the vault. */
  readonly #looking: BlobReader
  readonly #scrypt: ScryptCost | undefined
  readonly #copies: CopyFolder | undefined
  /** For the first check. */
  #ahead: PacksAhead | undefined

  constructor(
    { repository, keyId }: OpenedRepository,
    scrypt: ScryptCost | undefined,
    copies?: CopyFolder,
    ahead?: PacksAhead,
  ) {
    this.keyId = keyId
    this.#ahead = ahead
    const { storage, key, config } = repository
    this.#repository = repository
    this.#copies = copies
    this.#copied = copies ? new Repository(new CopyingStorage(storage, copies), key, config) : repository
    this.#reader = new VaultReader(this.#copied)
    this.#looking = copies ? new CopyingReader(this.#reader, key, copies) : this.#reader
    this.#scrypt = scrypt
  }

  static {
    repositoryOf = vault => {
      if (vault instanceof OpenVault) return vault.#repository
      throw new TypeError('not a vault of this room')
    }
  }

  get id(): string {
    return this.#repository.config.id
  }

  get location(): string {
    return this.#repository.location
  }

  get version(): 1 | 2 {
    return this.#repository.config.version
  }

  async withUploader<T>(run: types.VaultRun, use: (uploader: types.Uploader) => Promise<T>): Promise<T> {
    const result = await withUploader(this.#copied, run, use)
    await this.#removeLeftovers(run)
    return result
  }

  withPurpose<T>(purpose: string, run: types.VaultRun, use: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // withLock gives a run with a signal of its own: it also ends where the lock is lost.
    return withLock(this.#repository, { exclusive: false, purpose }, run, ({ signal }) => use(signal!))
  }

  whileReading<T>(
    run: types.VaultRun,
    use: (signal: AbortSignal) => Promise<T>,
    unlocked: (why: unknown) => void,
  ): Promise<T> {
    return whileReading(this.#repository, run, use, unlocked)
  }

  // Tidying up is no part of what was asked for.
  async #removeLeftovers(run: types.VaultRun): Promise<void> {
    const before = (run.now ?? Date.now)() - leftoverAfterMs
    await this.#repository.storage.removeLeftovers?.(before).catch(() => {})
  }

  listSnapshots(options: Parameters<types.Vault['listSnapshots']>[0] = {}): Promise<readonly types.Snapshot[]> {
    return listSnapshots(this.#copied, options.damaged)
  }

  findSnapshot(...[idOrPrefix, filter, options]: Parameters<types.Vault['findSnapshot']>): Promise<types.Snapshot> {
    return findSnapshot(this.#copied, idOrPrefix, filter, options?.damaged)
  }

  listFolder(snapshot: types.Snapshot, path: types.PathInPoint): ReturnType<types.Vault['listFolder']> {
    return listFolder(this.#looking, snapshot, path)
  }

  findNode(snapshot: types.Snapshot, path: types.PathInPoint): ReturnType<types.Vault['findNode']> {
    return findNode(this.#looking, snapshot, path)
  }

  readFile(snapshot: types.Snapshot, path: types.PathInPoint): AsyncIterable<Uint8Array> {
    return readFile(this.#looking, snapshot, path)
  }

  entries(snapshot: types.Snapshot, path: types.PathInPoint): AsyncIterable<types.Entry> {
    return entries(this.#reader, snapshot, path)
  }

  async restoreFolder(
    ...[snapshot, path, target, options, run]: Parameters<types.Vault['restoreFolder']>
  ): Promise<types.RestoredFolder> {
    const folder = await findFolder(this.#reader, snapshot, path)
    return restoreFolder(this.#reader, folder, target, options, run)
  }

  async compareFolder(
    ...[snapshot, path, folder, options, run]: Parameters<types.Vault['compareFolder']>
  ): Promise<readonly types.Difference[]> {
    return compareFolder(this.#reader, await findFolder(this.#reader, snapshot, path), folder, options, run)
  }

  async compareEntries(
    ...[snapshot, path, found, options, run]: Parameters<types.Vault['compareEntries']>
  ): Promise<readonly types.Difference[]> {
    return compareEntries(this.#reader, await findFolder(this.#reader, snapshot, path), found, options, run)
  }

  check(options: types.CheckOptions, run: types.VaultRun): Promise<types.CheckReport> {
    const ahead = this.#ahead
    this.#ahead = undefined
    return checkRepository(this.#repository, { ...options, ...(ahead && { ahead }) }, run)
  }

  verifySnapshot(snapshot: types.Snapshot, run: types.VaultRun): Promise<types.SnapshotReading> {
    return verifySnapshot(this.#repository, snapshot, run)
  }

  sign(bytes: Uint8Array): types.Signature {
    const key = signingKey(this.#repository.key, this.id)
    return { publicKey: publicKeyOf(key), signature: signBytes(key, bytes) }
  }

  async repair(...[options, agree, run]: Parameters<types.Vault['repair']>): Promise<types.RepairReport> {
    try {
      return await repairRepository(this.#repository, options, agree, run, { keyId: this.keyId })
    } finally {
      this.#reader.forget()
    }
  }

  copyTo(target: types.Vault, snapshots: readonly types.Snapshot[], run: types.VaultRun): Promise<types.CopyReport> {
    const places = { source: this.#repository, reader: this.#reader, target: repositoryOf(target) }
    return copySnapshots(places, snapshots, run)
  }

  findCopies(target: types.Vault, snapshots: readonly types.Snapshot[]): ReturnType<types.Vault['findCopies']> {
    return findCopies({ source: this.#repository, target: repositoryOf(target) }, snapshots)
  }

  cutsLike(other: types.Vault): boolean {
    return repositoryOf(other).config.polynomial === this.#repository.config.polynomial
  }

  removeSnapshots(forgetting: types.Forgetting, run: types.VaultRun): Promise<void> {
    return removeSnapshots(this.#repository, forgetting, run)
  }

  planPrune(options: types.PruneOptions, run: types.VaultRun): Promise<types.PrunePlan> {
    return planPrune(this.#repository, options, run)
  }

  async prune(options: types.PruneOptions, run: types.VaultRun): Promise<types.PrunePlan> {
    const done = await prune(this.#repository, options, run)
    this.#reader.forget()
    await this.#removeLeftovers(run)
    return done
  }

  listKeys(): Promise<readonly types.KeyInfo[]> {
    return listKeys(this.#repository.storage)
  }

  addKey(password: string, username: string): Promise<string> {
    return addKey(this.#repository, this.#newKey(password, username))
  }

  removeKey(id: string, run: types.VaultRun): Promise<void> {
    return removeKey(this.#repository, id, { inUse: this.keyId }, run)
  }

  replaceKeys(...[ids, password, username, added, run]: Parameters<types.Vault['replaceKeys']>): Promise<string> {
    return replaceKeys(this.#repository, ids, this.#newKey(password, username), { added }, run)
  }

  listLocks(): Promise<readonly types.Lock[]> {
    return listLocks(this.#repository)
  }

  unlock(options: { readonly all: boolean }): Promise<readonly types.Lock[]> {
    return unlock(this.#repository, options)
  }

  async close(): Promise<void> {
    this.#reader.forget()
    await this.#ahead?.end()
    await this.#copies?.bound('blobs', maxCopiedBytes)
    await this.#repository.storage.close?.()
  }

  #newKey(password: string, username: string): NewKey {
    return { password, username, ...(this.#scrypt && { scrypt: this.#scrypt }) }
  }
}
