import { ByteReader } from './byte-reader.ts'
import { damaged } from './damage.ts'
import { entryOf } from './entry.ts'
import { blockSize, isZero } from './fields.ts'
import { parseHeader } from './header.ts'
import { parsePax } from './pax.ts'
import type { FileEntry } from '../../../domain/file-entry.ts'
import type { Extension } from './entry.ts'
import type { TarHeader } from './header.ts'
import type { PaxRecords } from './pax.ts'

export interface ReadTarOptions {
  /** PostgreSQL before 15 sends archives without the two zero blocks at the end; its protocol tells the end instead. */
  readonly trailer?: 'required' | 'optional'
}

/**
 * The entries of a tar stream, in order; the stream is read to its end. Rejects with source-unreadable when the archive
 * is damaged, breaks off, or holds what cannot be read truly. A file's `bytes` are gone once the next entry is asked for.
 */
export async function* readTar(
  stream: AsyncIterable<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<FileEntry, void, void> {
  const reader = new ByteReader(stream)
  try {
    let globals: PaxRecords = new Map()
    let extension: Extension = { pax: globals }
    for (;;) {
      const header = await nextHeader(reader, options.trailer ?? 'required')
      if (!header) break
      if (header.type === 'g') {
        globals = new Map([...globals, ...parsePax(await extendedData(reader, header))])
        extension = { ...extension, pax: new Map([...globals, ...extension.pax]) }
      } else if (extends_.has(header.type)) {
        extension = await extend(reader, header, extension)
      } else if (header.type !== 'V') {
        yield* oneEntry(reader, header, extension)
        extension = { pax: globals }
      }
    }
    if (extension.pax.size > globals.size || extension.longName || extension.longLink) throw brokenOff()
  } finally {
    await reader.close()
  }
}

const brokenOff = () => damaged('breaks off before its end')
const extends_ = new Set(['x', 'X', 'L', 'K'])

async function nextHeader(reader: ByteReader, trailer: 'required' | 'optional'): Promise<TarHeader | undefined> {
  const block = await reader.upTo(blockSize)
  if (block.length === 0 && trailer === 'optional') return undefined
  if (block.length < blockSize) throw brokenOff()
  if (!isZero(block)) return parseHeader(block)
  const second = await reader.upTo(blockSize)
  if (second.length < blockSize && trailer === 'required') throw brokenOff()
  if (!isZero(second)) throw damaged('is damaged: a zero block stands where an entry should')
  await drain(reader)
  return undefined
}

/** Whatever padding follows is read, so that the program that writes it can end. */
async function drain(reader: ByteReader): Promise<void> {
  for (;;) {
    const piece = await reader.some(Number.MAX_SAFE_INTEGER)
    if (!piece) return
    if (!isZero(piece)) throw damaged('goes on behind its end')
  }
}

// Extended attributes of one file stay below 64 KiB on Linux; names below 4 KiB. More is damage that would fill the memory.
const largestExtension = 16n * 1024n * 1024n

async function extendedData(reader: ByteReader, header: TarHeader): Promise<Uint8Array> {
  if (header.size > largestExtension) throw damaged('is damaged: an extended header is too large')
  const size = Number(header.size)
  const data = await reader.upTo(size + paddingOf(header.size))
  if (data.length < size + paddingOf(header.size)) throw brokenOff()
  return Buffer.from(data.subarray(0, size))
}

async function extend(reader: ByteReader, header: TarHeader, before: Extension): Promise<Extension> {
  const data = await extendedData(reader, header)
  if (header.type === 'L') return { ...before, longName: upToNul(data) }
  if (header.type === 'K') return { ...before, longLink: upToNul(data) }
  return { ...before, pax: new Map([...before.pax, ...parsePax(data)]) }
}

const upToNul = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

const paddingOf = (size: bigint): number => Number((512n - (size % 512n)) % 512n)

/** Yields the entry, then skips what its reader left. */
async function* oneEntry(reader: ByteReader, header: TarHeader, extension: Extension): AsyncGenerator<FileEntry> {
  const entry = entryOf(header, extension)
  if (entry.type !== 'file') return yield entry
  const content = new EntryBytes(reader, entry.size)
  yield { ...entry, bytes: content.bytes() }
  await content.skip()
}

class EntryBytes {
  readonly #reader: ByteReader
  readonly #size: bigint
  #left: bigint
  #over = false

  constructor(reader: ByteReader, size: bigint) {
    this.#reader = reader
    this.#size = size
    this.#left = size
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0n) {
      if (this.#over) throw new Error("an entry's bytes were read after the next entry was asked for")
      yield await this.#next()
    }
  }

  async #next(): Promise<Uint8Array> {
    const limit = this.#left > 0x7fff_ffffn ? 0x7fff_ffff : Number(this.#left)
    const piece = await this.#reader.some(limit)
    if (!piece) throw brokenOff()
    this.#left -= BigInt(piece.length)
    return piece
  }

  async skip(): Promise<void> {
    this.#over = true
    while (this.#left > 0n) await this.#next()
    const padding = paddingOf(this.#size)
    if ((await this.#reader.upTo(padding)).length < padding) throw brokenOff()
  }
}
