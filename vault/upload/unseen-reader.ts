import fs from 'node:fs'
import { readPlainFile } from '../files/node-reader.ts'
import { joinPath } from '../files/path.ts'
import { encodeNode } from '../format/node-encode.ts'
import { release } from '../wasm/engine.ts'
import type { ContentCutter } from './content-cutter.ts'
import { unreadBecauseOf } from './id-list.ts'
import type { NamesInFolder, Requests, SeenFiles, Unread } from './messages.ts'
import { openQuietly } from './open-source.ts'

/** Larger ones are left to those who spread work by its size. */
const smallBytes = 256 * 1024

/** Looks at files and reads them, where they are small and there is nothing unusual about them. */
export class UnseenReader {
  readonly #contents: ContentCutter

  constructor(contents: ContentCutter) {
    this.#contents = contents
  }

  read({ folders, blockBytes }: Requests['unseen']): SeenFiles {
    const outcome = new SeenList()
    for (const folder of folders)
      for (const { path, name } of filesIn(folder)) outcome.add(() => this.#readFile(path, name, blockBytes))
    return outcome.take()
  }

  #readFile(path: Buffer, name: Buffer, blockBytes: number | undefined): SeenFile | undefined {
    const fd = openQuietly(path)
    try {
      const reading = readPlainFile(fd)
      if (!reading || reading.size > smallBytes) return undefined
      const content: string[] = []
      const ids = { add: (id: Buffer) => void content.push(id.toString('hex')) }
      const size = this.#contents.read(fd, ids, blockBytes, Number(reading.size))
      return { size, json: encodeNode({ ...reading.metadata, name, size: BigInt(size), content }) }
    } finally {
      fs.closeSync(fd)
    }
  }
}

interface SeenFile {
  readonly json: string
  readonly size: number
}

class SeenList {
  readonly #nodes = new TextBytes()
  readonly #ends: number[] = []
  readonly #sizes: number[] = []
  readonly #unread: Unread[] = []

  add(read: () => SeenFile | undefined): void {
    const seen = this.#orUnread(read)
    if (seen) this.#nodes.add(seen.json)
    this.#ends.push(this.#nodes.length)
    this.#sizes.push(seen?.size ?? 0)
  }

  take(): SeenFiles {
    const [ends, sizes] = [Uint32Array.from(this.#ends), Float64Array.from(this.#sizes)]
    return { nodes: this.#nodes.take(), ends, sizes, unread: this.#unread }
  }

  #orUnread(read: () => SeenFile | undefined): SeenFile | undefined {
    try {
      return read()
    } catch (error) {
      this.#unread.push(unreadBecauseOf(error, this.#ends.length))
      return undefined
    }
  }
}

/** Texts one behind the other: as one string they would be thousands of pieces until the last has come. */
class TextBytes {
  #bytes = Buffer.allocUnsafeSlow(128 * 1024)
  length = 0

  add(text: string): void {
    // No character takes more than three bytes for each of its units.
    const most = this.length + text.length * 3
    if (most > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], most * 2)
    this.length += this.#bytes.write(text, this.length)
  }

  /** Ends it; its memory is given back at once, lest hundreds wait for the collector. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#bytes.subarray(0, this.length))
    release(this.#bytes)
    return taken
  }
}

function* filesIn({ folder, names }: NamesInFolder): Generator<{ path: Buffer; name: Buffer }> {
  for (const text of names.split('\0')) {
    const name = Buffer.from(text, 'latin1')
    yield { path: joinPath(folder, name), name }
  }
}
