import fs from 'node:fs'
import { readPlainFile } from '../files/node-reader.ts'
import { joinPath } from '../files/path.ts'
import { encodeNode } from '../format/node-encode.ts'
import type { ContentCutter } from './content-cutter.ts'
import { IdList, idTexts, unreadBecauseOf } from './id-list.ts'
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
      const ids = new IdList(1)
      const size = this.#contents.read(fd, ids, blockBytes, Number(reading.size))
      const content = idTexts(ids.take())
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
  #nodes = ''
  readonly #ends: number[] = []
  readonly #sizes: number[] = []
  readonly #unread: Unread[] = []

  add(read: () => SeenFile | undefined): void {
    const seen = this.#orUnread(read)
    this.#nodes += seen?.json ?? ''
    this.#ends.push(this.#nodes.length)
    this.#sizes.push(seen?.size ?? 0)
  }

  take(): SeenFiles {
    const [ends, sizes] = [Uint32Array.from(this.#ends), Float64Array.from(this.#sizes)]
    return { nodes: this.#nodes, ends, sizes, unread: this.#unread }
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

function* filesIn({ folder, names }: NamesInFolder): Generator<{ path: Buffer; name: Buffer }> {
  for (const text of names.split('\0')) {
    const name = Buffer.from(text, 'latin1')
    yield { path: joinPath(folder, name), name }
  }
}
