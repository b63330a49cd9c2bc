import fs from 'node:fs'
import type { Engine } from '../wasm/engine.ts'
import type { IdTable } from './id-table.ts'
import { ContentList, IdList } from './id-list.ts'
import type { CutContents, CutFile, Requests } from './messages.ts'
import { openSource } from './open-source.ts'
import type { PackStage } from './pack-stage.ts'
import { Cutter, maxRead, type OnChunk, type ReadWindow } from './read-window.ts'
import { SharedBlobs, takeShared, type SharedBlob } from './shared-blobs.ts'

// Most files are small: one read of this size has them whole.
const firstRead = 256 * 1024
/** How much of a large file is read before others get their turn. */
const sliceBytes = 8 * 1024 * 1024
const worthGiving = 256 * 1024

/** Where the ids of a content's blobs go. */
export type Ids = Pick<IdList, 'add'>

interface Giver {
  /** Whether someone would take a blob over now; true takes one wish away. */
  wanted(): boolean
}

/** How a worker gives blobs of large files to others. */
export interface RangeGiver extends Giver {
  give(place: number, offset: number, length: number): void
}

/** How it gives blobs of streams, which nobody can read again. */
export interface BlobGiver extends Giver {
  give(place: number, blob: SharedBlob): void
}

/** A content that comes piece by piece. */
export interface ContentStream {
  piece(bytes: Uint8Array): void
  end(): CutFile
  /** No more is to come, and what is not cut yet is not wanted. */
  drop(): void
}

/** Turns contents into blobs: reads, cuts, names them by their hash, and packs those that the vault does not have. */
export class ContentCutter {
  readonly #engine: Engine
  readonly #window: ReadWindow
  readonly #table: IdTable
  readonly #stage: PackStage
  readonly #given = new SharedBlobs()

  constructor(window: ReadWindow, table: IdTable, stage: PackStage) {
    this.#engine = window.engine
    this.#window = window
    this.#table = table
    this.#stage = stage
  }

  /** Files that are read whole, one after the other. */
  files({ paths, blockBytes }: Requests['files']): CutContents {
    const contents = new ContentList()
    for (const path of splitPaths(paths)) contents.cut(ids => this.#readWhole(path, ids, blockBytes))
    return contents.take()
  }

  /** An open file as a whole; its length as the system has said, if it has. Returns the bytes that were read. */
  read(fd: number, ids: Ids, blockBytes: number | undefined, expected?: number): number {
    const cutter = this.#cutter(ids, blockBytes)
    try {
      let read = this.#read(fd, cutter, firstRead)
      // As long as it was when it was opened: asking for its end would tell no more.
      if (read === expected) return cutter.finish()
      while (read > 0) read = this.#read(fd, cutter, maxRead)
      return cutter.finish()
    } finally {
      cutter.drop()
    }
  }

  /** Contents that are in memory. */
  contents({ bytes, lengths, blockBytes }: Requests['contents']): CutContents {
    const contents = new ContentList()
    let at = 0
    for (const length of lengths) {
      const content = bytes.subarray(at, (at += length))
      contents.cut(ids => this.#cutBytes(content, ids, blockBytes))
    }
    return contents.take()
  }

  /** A large file, slice by slice: `turn` is awaited between them. Some blobs may be given away. */
  async large(
    { fd, blockBytes }: Requests['large'],
    giver: RangeGiver,
    turn: (bytes: number) => Promise<void>,
  ): Promise<CutFile> {
    const ids = new IdList()
    let given = 0
    const cutter = this.#cutter(ids, blockBytes, (_from, length, offset) => {
      // A small block would cost more to give away than to store.
      if (length < worthGiving || !giver.wanted()) return false
      giver.give(ids.count, offset, length)
      given += length
      return true
    })
    try {
      for (let read = -1; read !== 0; await turn(read)) read = this.#readSlice(fd, cutter)
      return { size: cutter.finish() - given, ids: ids.take() }
    } finally {
      cutter.drop()
    }
  }

  /** One blob of a large file; shorter, or none, if the file has shrunk. */
  range({ fd, offset, length }: Requests['range']): CutFile {
    const ids = new IdList()
    const at = this.#window.free()
    let read = 0
    for (let n = -1; n !== 0 && read < length; read += n)
      n = fs.readSync(fd, this.#engine.bytes, at + read, length - read, offset + read)
    if (read > 0) ids.add(this.#store(at, read))
    return { size: read, ids: ids.take() }
  }

  /** One blob that another worker has cut. */
  blob(blob: Requests['blob']): CutFile {
    const ids = new IdList()
    const at = this.#window.free()
    takeShared(blob, this.#engine.bytes.subarray(at))
    ids.add(this.#store(at, blob.length))
    return { size: blob.length, ids: ids.take() }
  }

  /** Some blobs may be given away. */
  stream(giver: BlobGiver, blockBytes?: number): ContentStream {
    const ids = new IdList()
    let given = 0
    const cutter = this.#cutter(ids, blockBytes, (from, length) => {
      if (length < worthGiving || !this.#given.hasRoom || !giver.wanted()) return false
      giver.give(ids.count, this.#given.put(this.#engine.bytes.subarray(from, from + length)))
      given += length
      return true
    })
    return {
      piece: bytes => this.#addBytes(cutter, bytes),
      end: () => ({ size: cutter.finish() - given, ids: ids.take() }),
      drop: () => cutter.drop(),
    }
  }

  #cutter(
    ids: Ids,
    blockBytes: number | undefined,
    giveAway: (...chunk: Parameters<OnChunk>) => boolean = () => false,
  ): Cutter {
    const onChunk: OnChunk = (from, length, offset) =>
      ids.add(giveAway(from, length, offset) ? hole : this.#store(from, length))
    return new Cutter(this.#window, onChunk, blockBytes)
  }

  #store(from: number, length: number): Buffer {
    const id = this.#engine.hash(from, length)
    if (this.#table.claim(id)) this.#stage.add(id, from, length)
    return id
  }

  #readWhole(path: Buffer, ids: IdList, blockBytes: number | undefined): number {
    const fd = openSource(path)
    try {
      return this.read(fd, ids, blockBytes)
    } finally {
      fs.closeSync(fd)
    }
  }

  /** Reads about a slice; 0 bytes only at the file's end. */
  #readSlice(fd: number, cutter: Cutter): number {
    let read = 0
    for (let n = -1; n !== 0 && read < sliceBytes; read += n) n = this.#read(fd, cutter, maxRead)
    return read
  }

  #read(fd: number, cutter: Cutter, bytes: number): number {
    const at = cutter.room(bytes)
    const read = fs.readSync(fd, this.#engine.bytes, at, bytes, null)
    cutter.added(read)
    return read
  }

  #cutBytes(content: Uint8Array, ids: IdList, blockBytes: number | undefined): number {
    const cutter = this.#cutter(ids, blockBytes)
    this.#addBytes(cutter, content)
    return cutter.finish()
  }

  #addBytes(cutter: Cutter, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += maxRead) {
      const piece = bytes.subarray(at, at + maxRead)
      this.#engine.bytes.set(piece, cutter.room(piece.length))
      cutter.added(piece.length)
    }
  }
}

/** Stands for the id of a blob that was given away. */
export const hole = Buffer.alloc(32)

function* splitPaths(paths: Uint8Array<ArrayBuffer>): Generator<Buffer> {
  const bytes = Buffer.from(paths.buffer, paths.byteOffset, paths.length)
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at)
    yield bytes.subarray(at, end)
    at = end + 1
  }
}
