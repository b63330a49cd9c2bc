import fs from 'node:fs'
import { VaultError } from '../errors.ts'
import { damaged } from '../format/damaged.ts'
import type { NodeMetadata, TreeNode } from '../format/node.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { CompareOptions, VaultRun } from '../types.ts'
import { isDamage, nodeFlaw, readContent, readTree } from './blob-reader.ts'
import type { BlobReader } from './blob-reader.ts'
import { compareMetadata, contentFinding, Differences, LinkPairs } from './differences.ts'
import { firstDifference } from './first-difference.ts'
import { linkKey } from './hard-links.ts'
import { hasCode, readNode } from './node-reader.ts'
import type { NodeReading } from './node-reader.ts'
import { joinPath, printablePath } from './path.ts'
import { readFileBytes } from './read-file.ts'
import { listNames } from './walk.ts'

/** One comparison of a folder in a point with a folder of this machine, both gone through side by side. */
export class FolderComparison {
  readonly differences: Differences
  readonly #reader: BlobReader
  readonly #top: Buffer
  readonly #select: NonNullable<CompareOptions['select']>
  readonly #run: VaultRun
  readonly #links = new LinkPairs()

  constructor(reader: BlobReader, top: Buffer, options: CompareOptions, run: VaultRun) {
    this.differences = new Differences(options)
    this.#reader = reader
    this.#top = top
    this.#select = options.select ?? (() => true)
    this.#run = run
  }

  async compare(tree: string, metadata: NodeMetadata | undefined): Promise<void> {
    const path = Buffer.alloc(0)
    const { metadata: found } = this.#onDisk(path, top => readNode(fs.realpathSync.native(top, { encoding: 'buffer' })))
    if (metadata || found.type !== 'dir') this.#compareMetadata(path, metadata ?? { ...found, type: 'dir' }, found)
    if (found.type === 'dir') await this.#compareFolder(path, tree)
  }

  async #compareFolder(folder: Buffer, tree: string): Promise<void> {
    const nodes = await readPointFolder(this.#reader, tree, folder)
    const names = this.#onDisk(folder, listNames)
    for (const { node, name } of sideBySide(nodes, names)) {
      if (this.differences.full) return
      throwIfInterrupted(this.#run)
      const path = joinPath(folder, name)
      if (!this.#select(path)) continue
      if (!node) this.#unexpected(path)
      else await this.#compareEntry(path, node)
    }
  }

  async #compareEntry(path: Buffer, node: TreeNode): Promise<void> {
    const found = this.#lookAt(path)
    if (!found) return this.differences.add(path, { what: 'missing' })
    this.#compareMetadata(path, node, found.metadata)
    if (node.type !== found.metadata.type) return
    if (!this.#links.agree(linkKey(node), linkKey(found.metadata), path))
      this.differences.add(path, { what: 'hard-link' })
    if (node.type === 'dir') return this.#compareFolder(path, node.subtree!)
    if (node.type === 'file') await this.#compareContent(path, node, found.size)
  }

  /** Sockets hold no data and are never saved; everything else should not be there. */
  #unexpected(path: Buffer): void {
    if (this.#lookAt(path)?.metadata.type !== 'socket') this.differences.add(path, { what: 'unexpected' })
  }

  /** Undefined if it is not there (any more). */
  #lookAt(path: Buffer): NodeReading | undefined {
    try {
      return this.#onDisk(path, readNode)
    } catch (error) {
      if (error instanceof VaultError && hasCode(error.cause, 'ENOENT')) return undefined
      throw error
    }
  }

  #compareMetadata(path: Buffer, expected: NodeMetadata, found: NodeMetadata): void {
    for (const finding of compareMetadata(expected, found)) this.differences.add(path, finding)
  }

  async #compareContent(path: Buffer, node: TreeNode, size: bigint): Promise<void> {
    if (this.differences.ignores('content')) return
    const between = () => throwIfInterrupted(this.#run)
    const [expected, found] = [readContent(this.#reader, node), readFileBytes(joinPath(this.#top, path))]
    const from = await firstDifference(expected, found, between).catch(error => {
      throw comparisonError(error, path)
    })
    const finding = contentFinding(node, size, from)
    if (finding) this.differences.add(path, finding)
    this.#run.onProgress?.({ files: 1, bytes: Number(size) })
  }

  #onDisk<T>(path: Buffer, read: (path: Buffer) => T): T {
    const full = joinPath(this.#top, path)
    try {
      return read(full)
    } catch (error) {
      throw comparisonError(error, full)
    }
  }
}

/** The nodes of a folder of the point, or vault-damaged naming the folder. */
export async function readPointFolder(reader: BlobReader, tree: string, path: Buffer): Promise<readonly TreeNode[]> {
  const nodes = await readTree(reader, tree).catch(error => {
    throw comparisonError(error, path)
  })
  for (const [i, node] of nodes.entries()) {
    const flaw = nodeFlaw(node, nodes[i - 1])
    if (flaw) throw damaged(`${printablePath(joinPath(path, node.name))}: ${flaw}`)
  }
  return nodes
}

/** Says where it happened: damage names the entry, a failed system call becomes source-unreadable. */
export function comparisonError(error: unknown, path: Uint8Array): unknown {
  const place = printablePath(path) || 'the folder itself'
  if (isDamage(error)) return damaged(`${place}: ${error.message}`, error)
  if (error instanceof VaultError || !(error instanceof Error) || !('code' in error)) return error
  return new VaultError('source-unreadable', `${place} cannot be read (${String(error.code)})`, { cause: error })
}

interface Pair {
  readonly name: Uint8Array
  readonly node?: TreeNode
}

/** Every name that one of the two has, in the order of raw bytes. Both lists are in that order. */
function* sideBySide(nodes: readonly TreeNode[], names: readonly Buffer[]): Generator<Pair> {
  let i = 0
  for (const name of names) {
    while (i < nodes.length && Buffer.compare(nodes[i]!.name, name) < 0)
      yield { name: nodes[i]!.name, node: nodes[i++]! }
    const node = nodes[i]
    if (node && Buffer.compare(node.name, name) === 0) i++
    yield node && Buffer.compare(node.name, name) === 0 ? { name, node } : { name }
  }
  for (; i < nodes.length; i++) yield { name: nodes[i]!.name, node: nodes[i]! }
}
