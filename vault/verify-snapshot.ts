import { openBlob } from './blob.ts'
import type { BlobIndex } from './blob-index.ts'
import { PackTable } from './check/pack-table.ts'
import { isFinding } from './check/is-finding.ts'
import { nodeFlaw, readTree } from './files/blob-reader.ts'
import { JobPool } from './files/job-pool.ts'
import { joinPath, printablePath } from './files/path.ts'
import type { TreeNode } from './format/node.ts'
import { throwIfInterrupted } from './interrupt.ts'
import { loadIndex } from './load-index.ts'
import { PackCache } from './pack-cache.ts'
import type { Repository } from './repository.ts'
import type { Snapshot, SnapshotReading, VaultRun } from './types.ts'
import { VaultReader } from './vault-reader.ts'

/** Packs that are read side by side: a far storage answers late, and one blob is opened at a time in any case. */
const packsAtOnce = 4
/** Further paths are counted, not named. */
const pathsTold = 20

/**
 * Reads everything that one point needs anew from storage, each blob once and in the order in which it lies, and verifies
 * it. It goes on after each finding. Takes no lock, as other reading does.
 */
export async function verifySnapshot(
  repository: Repository,
  snapshot: Snapshot,
  run: VaultRun,
): Promise<SnapshotReading> {
  const index = await loadIndex(repository, run, () => {})
  const reading = new Reading(repository, index, run)
  await reading.walk(snapshot.tree)
  await reading.readContents()
  return reading.result(snapshot.tree)
}

class Reading {
  readonly #repository: Repository
  readonly #index: BlobIndex
  readonly #reader: VaultReader
  readonly #run: VaultRun
  /** By entry: 1 where the point needs it, 2 where it cannot be had. */
  readonly #needed: Uint8Array
  readonly #problems: { path: string; message: string }[] = []
  #blobs = 0
  #bytes = 0
  #lost = 0

  constructor(repository: Repository, index: BlobIndex, run: VaultRun) {
    this.#repository = repository
    this.#index = index
    this.#run = run
    this.#reader = new VaultReader(repository)
    this.#needed = new Uint8Array(index.count)
  }

  /** Reads every folder list once, and notes the blobs of the files. */
  async walk(tree: string): Promise<void> {
    await this.#eachFolder(tree, (node, path) => this.#noteFile(node, path))
  }

  async readContents(): Promise<void> {
    const table = new PackTable(this.#index)
    const pool = new JobPool(packsAtOnce)
    for (let pack = 0; pack < this.#index.packIds.length; pack++) {
      const entries = table.entriesOf(pack).filter(entry => this.#needed[entry] === 1)
      if (entries.length > 0) await pool.start(() => this.#readPack(entries))
    }
    await pool.finish()
  }

  async result(tree: string): Promise<SnapshotReading> {
    // Only now is it worth knowing which files a lost blob is part of.
    if (this.#lost > 0) await this.#eachFolder(tree, (node, path) => this.#blame(node, path), false)
    const told = this.#problems.slice(0, pathsTold)
    return { blobs: this.#blobs, bytes: this.#bytes, problems: told, further: this.#problems.length - told.length }
  }

  async #eachFolder(top: string, use: (node: TreeNode, path: string) => void, tells = true): Promise<void> {
    const seen = new Set<string>()
    const waiting: { tree: string; path: Buffer }[] = [{ tree: top, path: Buffer.alloc(0) }]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      throwIfInterrupted(this.#run)
      if (seen.has(next.tree)) continue
      seen.add(next.tree)
      const nodes = await this.#folder(next.tree, next.path, tells)
      for (const [at, node] of nodes.entries()) {
        const path = joinPath(next.path, node.name)
        const flaw = nodeFlaw(node, nodes[at - 1])
        if (flaw && tells) this.#problem(printablePath(path), flaw)
        if (!flaw && node.type === 'dir') waiting.push({ tree: node.subtree!, path })
        if (!flaw && node.type === 'file') use(node, printablePath(path))
      }
    }
  }

  async #folder(tree: string, path: Buffer, tells: boolean): Promise<readonly TreeNode[]> {
    try {
      const nodes = await readTree(this.#reader, tree)
      if (tells) this.#count(this.#index.entryOf('tree', tree))
      return nodes
    } catch (error) {
      if (!isFinding(error)) throw error
      if (tells) this.#problem(printablePath(path) || 'the top folder', error.message)
      return []
    }
  }

  #noteFile(node: TreeNode, path: string): void {
    let length = 0n
    for (const id of node.content!) {
      const entry = this.#index.entryOf('data', id)
      if (entry === undefined) return this.#problem(path, `its part ${id} is not in the vault's index`)
      this.#needed[entry] ||= 1
      length += BigInt(this.#index.plainLengthOf(entry))
    }
    if (length !== node.size)
      this.#problem(path, `its parts are ${length} bytes together, but it should have ${node.size}`)
  }

  async #readPack(entries: Uint32Array): Promise<void> {
    const packs = new PackCache(this.#repository.storage)
    for (const entry of entries) {
      throwIfInterrupted(this.#run)
      const bytes = await this.#readBlob(packs, entry)
      this.#run.onProgress?.({ files: 0, bytes })
    }
  }

  /** Its plain length; where this copy is bad, another one may be good. */
  async #readBlob(packs: PackCache, entry: number): Promise<number> {
    const place = this.#index.location(entry)
    try {
      const stored = await packs.read(place, this.#index.endOfBlobs(this.#index.packOf(entry)))
      openBlob(this.#repository.key, place, stored)
    } catch (error) {
      if (!isFinding(error)) throw error
      if (!(await this.#isElsewhere(place.id))) {
        this.#needed[entry] = 2
        this.#lost++
        return 0
      }
    }
    return this.#count(entry)
  }

  #isElsewhere(id: string): Promise<boolean> {
    return this.#reader.readBlob('data', id).then(
      () => true,
      (error: unknown) => {
        if (!isFinding(error)) throw error
        return false
      },
    )
  }

  #count(entry: number | undefined): number {
    const bytes = entry === undefined ? 0 : this.#index.plainLengthOf(entry)
    this.#blobs++
    this.#bytes += bytes
    return bytes
  }

  #blame(node: TreeNode, path: string): void {
    const lost = node.content!.filter(id => this.#needed[this.#index.entryOf('data', id) ?? -1] === 2)
    if (lost.length > 0) this.#problem(path, `${lost.length} of its parts cannot be read, the first is ${lost[0]}`)
  }

  #problem(path: string, message: string): void {
    this.#problems.push({ path, message })
  }
}
