import type { NodeMetadata, TreeNode } from '../format/node.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { CompareOptions, Entry, VaultRun } from '../types.ts'
import { readContent } from './blob-reader.ts'
import type { BlobReader } from './blob-reader.ts'
import { compareMetadata, contentFinding, Differences, LinkPairs } from './differences.ts'
import { firstDifference } from './first-difference.ts'
import { comparisonError } from './folder-comparison.ts'
import { linkKey, sameContent } from './hard-links.ts'
import { joinPath, splitPath } from './path.ts'
import { PointTree } from './point-tree.ts'

/** One comparison of a folder in a point with a stream of entries that come in an order of their own. */
export class EntriesComparison {
  readonly differences: Differences
  readonly #reader: BlobReader
  readonly #point: PointTree
  readonly #metadata: NodeMetadata | undefined
  readonly #select: NonNullable<CompareOptions['select']>
  readonly #run: VaultRun
  readonly #links = new LinkPairs()
  /** The first name's key under each further name, should a link lead to one of those. */
  readonly #firstNames = new Map<string, string>()

  constructor(
    reader: BlobReader,
    folder: { tree: string; metadata?: NodeMetadata },
    options: CompareOptions,
    run: VaultRun,
  ) {
    this.differences = new Differences(options)
    this.#reader = reader
    this.#point = new PointTree(reader, folder.tree)
    this.#metadata = folder.metadata
    this.#select = options.select ?? (() => true)
    this.#run = run
  }

  async compare(entries: AsyncIterable<Entry>): Promise<void> {
    for await (const entry of entries) {
      throwIfInterrupted(this.#run)
      await this.#compareEntry(entry)
      if (this.differences.full) return
    }
    for await (const path of this.#point.unseen()) {
      if (this.differences.full) return
      if (this.#selected(splitPath(path))) this.differences.add(path, { what: 'missing' })
    }
  }

  async #compareEntry(entry: Entry): Promise<void> {
    const names = splitPath(entry.path)
    const path = joinNames(names)
    if (names.length === 0) return this.#compareMetadata(path, this.#metadata ?? entry.metadata, entry.metadata)
    if (!this.#selected(names)) return
    const node = await this.#point.find(names, true)
    if (!node) {
      // Sockets hold no data and are never saved.
      if (entry.metadata.type !== 'socket') this.differences.add(path, { what: 'unexpected' })
      return
    }
    this.#compareMetadata(path, node, entry.metadata)
    if (node.type !== entry.metadata.type) return
    if (entry.hardLinkTo) return this.#compareLink(path, node, entry.hardLinkTo)
    if (!this.#links.agree(linkKey(node), linkKey(node) && keyOf(path), path))
      this.differences.add(path, { what: 'hard-link' })
    if (node.type === 'file') await this.#compareContent(path, node, entry)
  }

  /** A path is left out with everything below it. */
  #selected(names: readonly Buffer[]): boolean {
    return names.every((_, depth) => this.#select(joinNames(names.slice(0, depth + 1))))
  }

  #compareMetadata(path: Buffer, expected: NodeMetadata, found: NodeMetadata): void {
    for (const finding of compareMetadata(expected, found)) this.differences.add(path, finding)
  }

  /** The bytes came with the first name, which was compared; here they must be the same ones in the point. */
  async #compareLink(path: Buffer, node: TreeNode, target: Uint8Array): Promise<void> {
    const names = splitPath(target)
    const first = await this.#point.find(names, false)
    const firstPath = joinNames(names)
    const key = this.#firstNames.get(keyOf(firstPath)) ?? keyOf(firstPath)
    this.#firstNames.set(keyOf(path), key)
    const known = first !== undefined && this.#links.agree(linkKey(first), key, firstPath)
    if (!known || !this.#links.agree(linkKey(node), key, path)) this.differences.add(path, { what: 'hard-link' })
    if (first && !sameContent(first, node))
      this.differences.add(path, { what: 'content', found: 'that of another name of it' })
  }

  async #compareContent(path: Buffer, node: TreeNode, entry: Entry): Promise<void> {
    if (this.differences.ignores('content')) return
    const between = () => throwIfInterrupted(this.#run)
    const from = await firstDifference(readContent(this.#reader, node), entry.bytes ?? noBytes(), between).catch(
      error => {
        throw comparisonError(error, path)
      },
    )
    const finding = contentFinding(node, entry.size, from)
    if (finding) this.differences.add(path, finding)
    this.#run.onProgress?.({ files: 1, bytes: Number(entry.size) })
  }
}

const keyOf = (path: Buffer) => `first ${path.toString('latin1')}`

const joinNames = (names: readonly Buffer[]): Buffer => names.reduce(joinPath, Buffer.alloc(0))

async function* noBytes(): AsyncGenerator<Uint8Array> {}
