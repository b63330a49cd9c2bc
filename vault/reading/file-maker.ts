import fs from 'node:fs'
import { writeMetadata } from '../files/metadata-writer.ts'
import { dataRuns } from '../files/sparse.ts'
import type { ContentReader, PlannedContents } from './contents.ts'
import { fileOutcome, filesOf } from './file-list.ts'
import type { FileList, FilePart, FilesDone, FileSettings, ListedFile } from './file-list.ts'
import { isExpected } from './expected.ts'

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants

/** Makes files, each whole or not at all. Where something is already, whatever it is, it is not touched. */
export function makeFiles(reader: ContentReader, list: FileList, settings: FileSettings): FilesDone {
  const outcomes = new Uint8Array(list.blobs.length)
  const warnings: { file: number; what: string }[] = []
  for (const file of filesOf(list)) {
    const told: string[] = []
    if (!makeFile(reader, list, file, settings, what => told.push(what))) continue
    outcomes[file.number] = fileOutcome.done
    for (const what of told) warnings.push({ file: file.number, what })
  }
  return { outcomes, warnings }
}

function makeFile(
  reader: ContentReader,
  list: FileList,
  file: ListedFile,
  { sparse, owners, sync }: FileSettings,
  warn: (what: string) => void,
): boolean {
  let fd: number | undefined
  try {
    fd = fs.openSync(file.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    const { length, hole } = writeBlobs(reader, list, { fd, position: 0, sparse }, file.firstBlob, file.blobs)
    if (hole) fs.ftruncateSync(fd, length)
    writeMetadata(file.path, file.metadata, { owners, warn }, fd)
    if (sync) fs.fsyncSync(fd)
    const closing = fd
    fd = undefined
    closeOrRemove(closing, file.path)
    return true
  } catch (error) {
    if (fd !== undefined) {
      fs.closeSync(fd)
      fs.unlinkSync(file.path)
    }
    if (isExpected(error)) return false
    throw error
  }
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

/** Writes a piece of a large file. False if it cannot be done. */
export function writePart(reader: ContentReader, part: FilePart): boolean {
  try {
    writeBlobs(reader, part, part, 0, part.ids.length / 32)
    return true
  } catch (error) {
    if (isExpected(error)) return false
    throw error
  }
}

/** Returns where they end, and whether a hole is there. */
function writeBlobs(
  reader: ContentReader,
  contents: PlannedContents,
  { fd, position, sparse }: { readonly fd: number; readonly position: number; readonly sparse: boolean },
  first: number,
  count: number,
): { length: number; hole: boolean } {
  let [at, written] = [position, position]
  for (let blob = first; blob < first + count; blob++) {
    const bytes = reader.open(contents, blob)
    const runs = sparse ? dataRuns(bytes, at) : [{ start: 0, end: bytes.length }]
    for (const { start, end } of runs) {
      writeFully(fd, bytes.subarray(start, end), at + start)
      written = at + end
    }
    at += bytes.length
  }
  return { length: at, hole: written < at }
}

function writeFully(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done)
}
