import fs from 'node:fs'
import type { NodeMetadata, TreeNode } from '../format/node.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { BulkSource } from '../reading/bulk-source.ts'
import type { RestoreOptions, VaultRun } from '../types.ts'
import { isDamage, nodeFlaw, readTree } from './blob-reader.ts'
import { BulkRestore, bulkWidth, type FileResult } from './bulk-restore.ts'
import { writeEntry } from './entry-writer.ts'
import type { EntryRules } from './entry-writer.ts'
import { isPlainFile } from './file-batch.ts'
import { batchLimits, FileQueue, type BatchLimits } from './file-queue.ts'
import { HardLinks } from './hard-links.ts'
import type { LinkRole } from './hard-links.ts'
import { JobPool } from './job-pool.ts'
import { correctMetadata, writeMetadata } from './metadata-writer.ts'
import { hasCode } from './node-reader.ts'
import { joinPath } from './path.ts'
import { RestoreOutcome } from './restore-outcome.ts'
import { targetError } from './target.ts'

export interface RestoreSettings extends Omit<EntryRules, 'warn' | 'damage'> {
  readonly select: NonNullable<RestoreOptions['select']>
  /** Where there is none, nothing is done by threads. */
  readonly bulk: BulkSource | undefined
  readonly threads: ThreadSettings
}

/** How threads are used; the defaults are for all but tests. */
export interface ThreadSettings {
  /** At most. Default: as many as cores, 2 to 4. */
  readonly count?: number
  readonly limits?: BatchLimits
}

/** A folder that is being filled. Its times and permissions are set when nothing in it is open any more. */
interface OpenFolder {
  readonly path: Buffer
  /** Below the folder that is restored: for people and for `select`. */
  readonly inPoint: Buffer
  readonly metadata: NodeMetadata | undefined
  readonly parent: OpenFolder | undefined
  /** How much is still to be done in it, its own listing included. */
  open: number
}

/** One entry on its way. */
interface Place {
  readonly folder: OpenFolder
  readonly path: Buffer
  readonly inPoint: Buffer
}

interface QueuedFile extends Place {
  readonly node: TreeNode
}

// Enough to keep the disk busy while blobs are decoded; each may hold two blobs of up to 8 MiB, or be a batch for threads.
const entriesAtOnce = 4

/** One run of restoring a folder: goes through the trees in order, with a few entries being written at the same time. */
export class RestoreJob {
  readonly outcome: RestoreOutcome
  readonly #settings: RestoreSettings
  readonly #run: VaultRun
  readonly #pool: JobPool
  readonly #bulk: BulkRestore | undefined
  readonly #queue: FileQueue<QueuedFile> | undefined
  readonly #links = new HardLinks()
  /** One folder of each file system that is written to. */
  readonly #fileSystems = new Map<bigint, Buffer>()

  constructor(settings: RestoreSettings) {
    const { run, bulk, threads } = settings
    const width = bulk ? bulkWidth(bulk, threads.count) : entriesAtOnce
    this.#pool = new JobPool(width)
    this.#run = { ...run, signal: AbortSignal.any([this.#pool.signal, ...(run.signal ? [run.signal] : [])]) }
    this.#settings = { ...settings, run: this.#run }
    this.#bulk = bulk && this.#startBulk(bulk)
    this.#queue = this.#bulk && this.#startQueue(this.#bulk, threads.limits)
    this.outcome = new RestoreOutcome(run)
  }

  /** Fills the folder `target`, which exists. When it resolves, everything is there and durable, or told in `outcome`. */
  async restore(tree: string, metadata: NodeMetadata | undefined, target: Buffer): Promise<void> {
    try {
      await this.#restore(tree, metadata, target)
    } finally {
      await this.#settings.durability.end()
    }
  }

  async #restore(tree: string, metadata: NodeMetadata | undefined, target: Buffer): Promise<void> {
    const top = { path: target, inPoint: Buffer.alloc(0), metadata, parent: undefined, open: 1 }
    try {
      await this.#fill(top, tree)
        .then(() => this.#queue?.finish())
        .catch(error => this.#pool.fail(error))
      // Also after a failure: whatever still runs ends and cleans up before anyone is told.
      await this.#pool.finish()
      throwIfInterrupted(this.#run)
    } finally {
      await this.#bulk?.end()
    }
    await this.#onTarget(target, () => this.#settings.durability.finish(this.#fileSystems.values()))
  }

  async #fill(folder: OpenFolder, tree: string): Promise<void> {
    await this.#onTarget(folder.path, () => this.#noteFileSystem(folder.path))
    const nodes = await this.#readTree(folder, tree)
    for (const [i, node] of nodes.entries()) {
      throwIfInterrupted(this.#run)
      const inPoint = joinPath(folder.inPoint, node.name)
      const flaw = nodeFlaw(node, nodes[i - 1])
      if (flaw) this.outcome.damage(inPoint, flaw)
      else if (this.#settings.select(inPoint, node.type))
        await this.#begin(node, { folder, path: joinPath(folder.path, node.name), inPoint })
    }
    await this.#release(folder)
  }

  #noteFileSystem(path: Buffer): void {
    const { dev } = fs.lstatSync(path, { bigint: true })
    if (this.#fileSystems.has(dev)) return
    this.#fileSystems.set(dev, path)
    this.#settings.durability.begin(path)
  }

  async #readTree(folder: OpenFolder, tree: string): Promise<readonly TreeNode[]> {
    try {
      return await readTree(this.#settings.reader, tree)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.outcome.damage(folder.inPoint, `the list of its entries ${tree} cannot be read: ${error.message}`, error)
      return []
    }
  }

  /** Folders are gone through at once; everything else is a job of its own. */
  async #begin(node: TreeNode, place: Place): Promise<void> {
    if (node.type === 'socket' || node.type === 'irregular')
      return this.outcome.warn(place.inPoint, `was left out: nothing of type ${node.type} can be restored`)
    place.folder.open++
    if (node.type === 'dir') return this.#enter(node, place)
    const role = this.#links.role(node, place.path)
    if (this.#queue && role.kind === 'alone' && !role.torn && isPlainFile(node))
      return this.#queue.add({ ...place, node })
    await this.#pool.start(async () => {
      await this.#restoreEntry(node, place, role)
      await this.#release(place.folder)
    })
  }

  async #enter(node: TreeNode, { folder, path, inPoint }: Place): Promise<void> {
    await this.#onTarget(path, () => this.#makeFolder(path))
    this.outcome.restored('dir', 0n)
    await this.#fill({ path, inPoint, metadata: node, parent: folder, open: 1 }, node.subtree!)
  }

  #makeFolder(path: Buffer): void {
    try {
      fs.mkdirSync(path, 0o700)
    } catch (error) {
      const known = this.#settings.existing === 'merge' && hasCode(error, 'EEXIST')
      if (!known || !fs.lstatSync(path).isDirectory()) throw error
    }
  }

  async #release(folder: OpenFolder): Promise<void> {
    for (let done: OpenFolder | undefined = folder; done && --done.open === 0; done = done.parent) {
      const { path, metadata, inPoint } = done
      await this.#onTarget(path, () => {
        const write = this.#settings.existing === 'merge' ? correctMetadata : writeMetadata
        if (metadata) write(path, metadata, this.#rules(inPoint))
        return this.#settings.durability.folderDone(path)
      })
    }
  }

  #startBulk(source: BulkSource): BulkRestore {
    const { sparse, owners, existing, durability, threads } = this.#settings
    const settings = { sparse, owners, existing, sync: durability.fileByFile, run: this.#run }
    return new BulkRestore(source, settings, threads.count)
  }

  #startQueue(bulk: BulkRestore, limits = batchLimits): FileQueue<QueuedFile> {
    const settle = (file: QueuedFile, result: FileResult | undefined) => this.#settle(file, result)
    return new FileQueue({ bulk, pool: this.#pool, limits, settle })
  }

  /** What threads could not do is done here, which also finds out what is wrong. */
  async #settle(file: QueuedFile, result: FileResult | undefined): Promise<void> {
    const { node, inPoint } = file
    if (result?.done) {
      for (const what of result.warnings) this.outcome.warn(inPoint, what)
      if (!result.counted) this.#run.onProgress?.({ files: 0, bytes: Number(node.size) })
      this.outcome.restored(node.type, node.size)
    } else await this.#restoreEntry(node, file, { kind: 'alone' })
    await this.#release(file.folder)
  }

  async #restoreEntry(node: TreeNode, { path, inPoint }: Place, role: LinkRole): Promise<void> {
    let restored = false
    try {
      restored = await this.#onTarget(path, () => writeEntry(node, path, role, this.#rules(inPoint)))
      if (restored) this.outcome.restored(node.type, node.size)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.outcome.damage(inPoint, error.message, error)
    } finally {
      if (role.kind === 'first') role.made(restored)
    }
  }

  #rules(inPoint: Buffer): EntryRules {
    const [warn, damage] = [
      (what: string) => this.outcome.warn(inPoint, what),
      (why: string) => this.outcome.damage(inPoint, why),
    ]
    return { ...this.#settings, warn, damage }
  }

  /** Failures of the system on the way to `path` become the vault's own. */
  async #onTarget<T>(path: Buffer, action: () => T | Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      throw targetError(error, path)
    }
  }
}
