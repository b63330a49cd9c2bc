import fs from 'node:fs'
import { hash } from 'node:crypto'
import { writeMetadata } from '../files/metadata-writer.ts'
import { hasCode } from '../files/node-reader.ts'
import { idOf, type PlannedContents } from './contents.ts'
import { placeWords } from './content-plan.ts'
import { isExpected } from './expected.ts'
import { fileOutcome, filesOf } from './file-list.ts'
import type { FileList, FilePart, FilesDone, FileSettings, ListedFile } from './file-list.ts'

// A file that is there already is compared without the vault's packs: the ids of its blobs are the SHA-256 of its pieces.

const sealOverhead = 32
const { O_RDONLY, O_NOFOLLOW } = fs.constants

/** Compares files with what is there. Of those with all their bytes there, what else differs is put right. */
export class FileMatcher {
  #memory = Buffer.allocUnsafeSlow(1024 * 1024)

  match(list: FileList, settings: FileSettings): FilesDone {
    const outcomes = new Uint8Array(list.blobs.length)
    const warnings: { file: number; what: string }[] = []
    for (const file of filesOf(list)) {
      const warn = (what: string) => warnings.push({ file: file.number, what })
      outcomes[file.number] = this.#matchFile(list, file, settings, warn)
    }
    return { outcomes, warnings }
  }

  /** Whether a piece of a large file is there. */
  matchPart(part: FilePart): boolean {
    try {
      return this.#matchBlobs(part, part.fd, part.position, 0, part.ids.length / 32)
    } catch (error) {
      if (isExpected(error)) return false
      throw error
    }
  }

  #matchFile(list: FileList, file: ListedFile, settings: FileSettings, warn: (what: string) => void): number {
    let fd: number | undefined
    try {
      fd = fs.openSync(file.path, O_RDONLY | O_NOFOLLOW)
      const found = fs.fstatSync(fd, { bigint: true })
      const size = plainLengths(list, file.firstBlob, file.blobs).reduce((sum, length) => sum + length, 0)
      if (!found.isFile() || found.size !== BigInt(size) || found.mtimeNs !== file.metadata.mtime)
        return fileOutcome.undone
      if (!this.#matchBlobs(list, fd, 0, file.firstBlob, file.blobs)) return fileOutcome.undone
      if (!hasMetadata(found, file.metadata, settings.owners)) {
        writeMetadata(file.path, file.metadata, { owners: settings.owners, warn }, fd)
        if (settings.sync) fs.fsyncSync(fd)
      }
      return fileOutcome.done
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return fileOutcome.absent
      if (isExpected(error)) return fileOutcome.undone
      throw error
    } finally {
      if (fd !== undefined) fs.closeSync(fd)
    }
  }

  #matchBlobs(contents: PlannedContents, fd: number, position: number, first: number, count: number): boolean {
    for (const [i, length] of plainLengths(contents, first, count).entries()) {
      if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(length)
      for (let done = 0; done < length;) {
        const read = fs.readSync(fd, this.#memory, done, length - done, position + done)
        if (read === 0) return false
        done += read
      }
      const id = hash('sha256', this.#memory.subarray(0, length), 'buffer')
      if (!id.equals(idOf(contents, first + i))) return false
      position += length
    }
    return true
  }
}

function plainLengths({ places }: PlannedContents, first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const at = (first + i) * placeWords
    return places[at + 3]! || places[at + 2]! - sealOverhead
  })
}

/** Whether an open file has these already. */
export const hasMetadata = (
  found: fs.BigIntStats,
  {
    mode,
    uid,
    gid,
    mtime,
  }: { readonly mode: number; readonly uid: number; readonly gid: number; readonly mtime: bigint },
  owners: boolean,
): boolean =>
  Number(found.mode & 0o7777n) === mode &&
  found.mtimeNs === mtime &&
  (!owners || (Number(found.uid) === uid && Number(found.gid) === gid))
