import fs from 'node:fs'
import { promisify } from 'node:util'
import type { BlobIndex } from '../blob-index.ts'
import { hasMetadata } from '../reading/file-matcher.ts'
import type { Permits } from '../reading/permits.ts'
import type { VaultRun } from '../types.ts'
import type { BatchedFile } from './file-batch.ts'
import { writeMetadata, type MetadataRules } from './metadata-writer.ts'

/** Does one piece: these entries of the index, at this position of the open file. */
export type DoPiece = (
  entries: readonly number[],
  at: { readonly fd: number; readonly position: number },
) => Promise<boolean>

export interface LargeFileRules extends MetadataRules {
  readonly sync: boolean
  readonly run: VaultRun
  /** Of pieces under way. */
  readonly permits: Permits
}

const fsync = promisify(fs.fsync)

interface Piece {
  readonly entries: readonly number[]
  readonly position: number
  readonly bytes: number
}

/** Plaintext of a piece; the last blob may make it larger. */
const pieceBytes = 4 * 1024 * 1024
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants

/** One file that several threads work on. */
export class LargeFile {
  readonly #file: BatchedFile
  readonly #index: BlobIndex
  readonly #entries: readonly number[]
  readonly #rules: LargeFileRules

  constructor(file: BatchedFile, index: BlobIndex, entries: readonly number[], rules: LargeFileRules) {
    this.#file = file
    this.#index = index
    this.#entries = entries
    this.#rules = rules
  }

  /** Makes it whole or not at all; false if it could not be done. What is already there is not touched. */
  async make(write: DoPiece): Promise<boolean> {
    const { path } = this.#file
    const fd = openOrNothing(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    if (fd === undefined) return false
    let done = false
    try {
      done = (await this.#inPieces(fd, write)) && (await this.#complete(fd))
    } finally {
      // Some file systems tell only here that the disk was full.
      done = isClosed(fd) && done
      if (!done) fs.unlinkSync(path)
    }
    return done
  }

  /** Whether it is there with all its bytes; then everything else about it is put right. */
  async match(compare: DoPiece): Promise<boolean> {
    const { node, path } = this.#file
    const fd = openOrNothing(path, O_RDONLY | O_NOFOLLOW)
    if (fd === undefined) return false
    try {
      const found = fs.fstatSync(fd, { bigint: true })
      if (!found.isFile() || found.size !== node.size || found.mtimeNs !== node.mtime) return false
      if (!(await this.#inPieces(fd, compare))) return false
      if (!hasMetadata(found, node, this.#rules.owners)) writeMetadata(path, node, this.#rules, fd)
      return true
    } finally {
      fs.closeSync(fd)
    }
  }

  async #complete(fd: number): Promise<boolean> {
    const { node, path } = this.#file
    try {
      fs.ftruncateSync(fd, Number(node.size))
    } catch {
      return false
    }
    writeMetadata(path, node, this.#rules, fd)
    if (this.#rules.sync) await fsync(fd)
    return true
  }

  /** All pieces have ended when it does, however that is: nobody uses the file any more. */
  /** All pieces have ended when it does, however that is: nobody uses the file any more. */
  async #inPieces(fd: number, act: DoPiece): Promise<boolean> {
    const { run, permits } = this.#rules
    let failed = false
    const one = async ({ entries, position, bytes }: Piece) => {
      if (failed) return
      if (!(await act(entries, { fd, position }))) failed = true
      else run.onProgress?.({ files: 0, bytes })
    }
    const doing = Array.from(this.#pieces(), piece => permits.with(1, () => one(piece)))
    await Promise.allSettled(doing)
    await Promise.all(doing)
    return !failed
  }

  *#pieces(): Generator<Piece> {
    for (let first = 0, position = 0; first < this.#entries.length;) {
      let [end, bytes] = [first, 0]
      while (end < this.#entries.length && bytes < pieceBytes) bytes += this.#index.plainLengthOf(this.#entries[end++]!)
      yield { entries: this.#entries.slice(first, end), position, bytes }
      ;[first, position] = [end, position + bytes]
    }
  }
}

function openOrNothing(path: Buffer, flags: number): number | undefined {
  try {
    return fs.openSync(path, flags, 0o600)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}

function isClosed(fd: number): boolean {
  try {
    fs.closeSync(fd)
    return true
  } catch {
    return false
  }
}
