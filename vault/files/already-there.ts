import fs from 'node:fs'
import type { TreeNode } from '../format/node.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { VaultRun } from '../types.ts'
import { readContent } from './blob-reader.ts'
import type { BlobReader } from './blob-reader.ts'
import { firstDifference } from './first-difference.ts'
import { readNode } from './node-reader.ts'
import { readFileBytes } from './read-file.ts'

/**
 * Whether what lies at `path` already is what the node says, so that it can stay: the same type and, of a file, size, mtime
 * and every byte. Size and mtime alone would also fit a file that a power cut has left full of zeros.
 */
export async function isAlreadyThere(
  reader: BlobReader,
  node: TreeNode,
  path: Buffer,
  run: VaultRun,
): Promise<boolean> {
  const { metadata, size } = readNode(path)
  if (metadata.type !== node.type) return false
  if (node.type === 'symlink') return Buffer.from(metadata.linkTarget!).equals(node.linkTarget!)
  if (node.type !== 'file') return metadata.device === node.device
  if (size !== node.size || metadata.mtime !== node.mtime) return false
  const expected = readContent(reader, node)
  return (await firstDifference(expected, readFileBytes(path), () => throwIfInterrupted(run))) === undefined
}

/** Whether two paths are names of one file. */
export function areOneFile(a: Buffer, b: Buffer): boolean {
  const [first, second] = [fs.lstatSync(a, { bigint: true }), fs.lstatSync(b, { bigint: true })]
  return first.ino === second.ino && first.dev === second.dev
}
