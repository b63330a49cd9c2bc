import fs from 'node:fs'
import { promisify } from 'node:util'
import type { TreeNode } from '../format/node.ts'
import { throwIfInterrupted } from '../interrupt.ts'
import type { VaultRun } from '../types.ts'
import { readContent } from './blob-reader.ts'
import type { BlobReader } from './blob-reader.ts'
import type { Durability } from './durability.ts'
import { writeMetadata } from './metadata-writer.ts'
import type { MetadataRules } from './metadata-writer.ts'
import { dataRuns } from './sparse.ts'

export interface FileRules extends MetadataRules {
  readonly sparse: boolean
  readonly durability: Durability
}

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants

/**
 * Makes the file at `path` with its content and everything else the node says. Where something is already, whatever it
 * is, rejects with EEXIST and does not touch it. Any failure removes the file: it is there whole or not at all.
 */
export async function writeFile(reader: BlobReader, node: TreeNode, path: Buffer, rules: FileRules, run: VaultRun) {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    await fill(reader, node, fd, rules, run)
    writeMetadata(path, node, rules, fd)
    await rules.durability.fileDone(fd)
  } catch (error) {
    fs.closeSync(fd)
    fs.unlinkSync(path)
    throw error
  }
  closeOrRemove(fd, path)
}

/** Some file systems tell only here that the disk was full. */
function closeOrRemove(fd: number, path: Buffer): void {
  try {
    fs.closeSync(fd)
  } catch (error) {
    fs.unlinkSync(path)
    throw error
  }
}

async function fill(reader: BlobReader, node: TreeNode, fd: number, rules: FileRules, run: VaultRun): Promise<void> {
  let position = 0
  for await (const bytes of readContent(reader, node)) {
    throwIfInterrupted(run)
    const runs = rules.sparse ? dataRuns(bytes, position) : [{ start: 0, end: bytes.length }]
    for (const { start, end } of runs) await writeFully(fd, bytes.subarray(start, end), position + start)
    position += bytes.length
    run.onProgress?.({ files: 0, bytes: bytes.length })
  }
  if (rules.sparse && position > 0) fs.ftruncateSync(fd, position)
}

const write = promisify(fs.write)
// Up to here the write itself is quicker than the way to another thread and back.
const smallWrite = 64 * 1024

async function writeFully(fd: number, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const left = bytes.length - done
    if (left <= smallWrite) done += fs.writeSync(fd, bytes, done, left, position + done)
    else done += (await write(fd, bytes, done, left, position + done)).bytesWritten
  }
}
