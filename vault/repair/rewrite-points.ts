import { KnownCopies } from '../copy/copied-already.ts'
import { sealBlob } from '../copy/reseal.ts'
import { idOf } from '../format/id.ts'
import type { TreeNode } from '../format/node.ts'
import { parseSnapshot, rewriteSnapshot } from '../format/snapshot.ts'
import { encodeTree } from '../format/tree.ts'
import { readContent, type BlobReader } from '../files/blob-reader.ts'
import type { LockScope } from '../locks.ts'
import type { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import type { RepairOptions, VaultRun } from '../types.ts'
import type { SealedBlobSaver } from '../upload/sealed-blob-saver.ts'
import { Losses, TreeMender } from './lost-parts.ts'
import type { HurtPoint, Survey } from './survey.ts'

/** restic's word for it. */
const repairedTag = 'repaired'

export interface PointRewriting {
  readonly repository: Repository
  readonly survey: Survey
  readonly reader: BlobReader
  readonly saver: SealedBlobSaver
  /** Resolves when what was saved is listed in the index. */
  readonly listed: () => Promise<void>
  readonly lock: LockScope
  readonly describe: RepairOptions['describe']
  readonly run: VaultRun
}

/** A point and what stands in its place; undefined: nothing of it could be had. */
export interface Rewritten {
  readonly from: string
  readonly to: string | undefined
}

/** Stores each point anew without what is lost of it; then the old ones go. Their new trees are durable before. */
export async function rewritePoints(rewriting: PointRewriting): Promise<Rewritten[]> {
  const { repository, survey, saver, listed, lock, run } = rewriting
  const { index } = survey.mended
  const saved = new Set<string>()
  const saveTree = async (nodes: readonly TreeNode[]): Promise<string> => {
    const document = encodeTree(nodes)
    const id = idOf(document)
    if (!saved.has(id) && !survey.bad.hasGood('tree', id)) await save(rewriting, 'tree', document)
    saved.add(id)
    return id
  }
  const mender = new TreeMender({ index, reader: rewriting.reader, bad: survey.bad, run, saveTree })
  const trees: [HurtPoint, string | undefined][] = []
  for (const point of survey.points) trees.push([point, await newTree(point, mender, rewriting, saveTree)])
  await saver.flush()
  await listed()
  const known = new KnownCopies(await listSnapshots(repository, () => {}))
  const rewritten: Rewritten[] = []
  for (const [point, tree] of trees) {
    await lock.confirm()
    const to = tree && (await saveMended(point, tree, known, repository))
    await repository.storage.remove('snapshots', point.snapshot.id)
    rewritten.push({ from: point.snapshot.id, to })
  }
  return rewritten
}

// One that an earlier repair has stored, before it was cut off, is not stored once more.
async function saveMended(
  { snapshot, json }: HurtPoint,
  tree: string,
  known: KnownCopies,
  repository: Repository,
): Promise<string> {
  const tags = [...new Set([...snapshot.tags, repairedTag])]
  const original = snapshot.original ?? snapshot.id
  const document = rewriteSnapshot(json, { tree, tags, original, parent: undefined })
  const there = known.copyOf(parseSnapshot(snapshot.id, document))
  return there?.id ?? repository.saveUnpacked('snapshots', document)
}

async function newTree(
  { snapshot, losses }: HurtPoint,
  mender: TreeMender,
  rewriting: PointRewriting,
  saveTree: (nodes: readonly TreeNode[]) => Promise<string>,
): Promise<string | undefined> {
  const top = await mender.mend(snapshot.tree, Buffer.alloc(0), new Losses())
  if (!top) return undefined
  return saveTree(await Promise.all(top.nodes.map(node => describeLosses(node, losses, rewriting))))
}

/** The point's own description of itself says what it lacks. */
async function describeLosses(node: TreeNode, losses: Losses, rewriting: PointRewriting): Promise<TreeNode> {
  const { describe, reader } = rewriting
  if (!describe || node.type !== 'file' || Buffer.from(node.name).toString() !== describe.file) return node
  if (losses.count === 0) return node
  const before = await wholeContent(reader, node)
  const after = describe.rewrite(before, losses.parts, losses.further)
  if (!after) return node
  await save(rewriting, 'data', after)
  return { ...node, content: [idOf(after)], size: BigInt(after.length) }
}

async function wholeContent(reader: BlobReader, node: TreeNode): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of readContent(reader, node)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function save({ repository, saver }: PointRewriting, type: 'data' | 'tree', plain: Uint8Array): Promise<void> {
  const { sealed, uncompressedLength } = sealBlob(plain, type, {
    key: repository.key,
    version: repository.config.version,
  })
  await saver.add(type, Buffer.from(idOf(plain), 'hex'), sealed, uncompressedLength)
}
