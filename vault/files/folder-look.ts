import type { NodeMetadata } from '../format/node.ts'
import { fileHead } from './file-head.ts'
import { readNode, type NodeReading } from './node-reader.ts'
import { joinPath } from './path.ts'
import { groupName, userName } from './posix.ts'

/** A folder's entries as one thread tells them to another. */
export interface PackedLook {
  /** One name behind the other. */
  readonly names: Uint8Array<ArrayBuffer>
  readonly ends: Uint32Array<ArrayBuffer>
  /** `numberWords` for each entry: its kind, mode, uid, gid, links. */
  readonly numbers: Float64Array<ArrayBuffer>
  /** `bigWords` for each entry: mtime, ctime, inode, device, size. */
  readonly bigs: BigInt64Array<ArrayBuffer>
  /** What `fileHead` says of each entry, in UTF-8, one behind the other; nothing where it says nothing, or was not asked. */
  readonly heads: Uint8Array<ArrayBuffer>
  readonly headEnds: Uint32Array<ArrayBuffer>
}

const numberWords = 5
const bigWords = 5
const kinds = { other: 0, file: 1, dir: 2 } as const
const beginOf = (ends: Uint32Array, i: number): number => (i ? ends[i - 1]! : 0)
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value)

/** Looks at everything that has one of these names in a folder; `withHeads` says whether there is time for those. */
export function packLook(folder: Buffer, names: readonly Buffer[], withHeads = true): PackedLook {
  const { length } = names
  const [numbers, bigs] = [new Float64Array(length * numberWords), new BigInt64Array(length * bigWords)]
  const [ends, headEnds] = [new Uint32Array(length), new Uint32Array(length)]
  const heads = new JoinedTexts(withHeads ? length * usualHead : 0)
  let end = 0
  for (const [i, name] of names.entries()) {
    ends[i] = end += name.length
    const reading = plainReading(joinPath(folder, name))
    if (reading) {
      pack(reading, numbers.subarray(i * numberWords), bigs.subarray(i * bigWords))
      if (withHeads) heads.add(fileHead(name, reading) ?? '')
    }
    headEnds[i] = heads.end
  }
  return { names: new Uint8Array(Buffer.concat(names)), ends, numbers, bigs, heads: heads.bytes, headEnds }
}

function pack({ metadata, size }: NodeReading, numbers: Float64Array, bigs: BigInt64Array): void {
  const { type, mode, uid, gid, links, mtime, ctime, inode, deviceId } = metadata
  numbers.set([type === 'file' ? kinds.file : kinds.dir, mode, uid, gid, links])
  bigs.set([mtime, ctime, inode, deviceId, size])
}

/** What a head with a short name takes. */
const usualHead = 400

/** Texts in UTF-8, one behind the other. */
class JoinedTexts {
  end = 0
  #bytes: Buffer<ArrayBuffer>

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafeSlow(room)
  }

  add(text: string): void {
    // So much a text takes at most.
    const most = text.length * 3
    if (this.end + most > this.#bytes.length) this.#grow(most)
    this.end += this.#bytes.write(text, this.end)
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.buffer)
  }

  #grow(most: number): void {
    const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2 + most)
    grown.set(this.#bytes.subarray(0, this.end))
    this.#bytes = grown
  }
}

/** The names of the folders in it. */
export function* foldersIn({ names, ends, numbers }: PackedLook): Generator<Buffer> {
  for (const [i, end] of ends.entries()) {
    const begin = beginOf(ends, i)
    if (numbers[i * numberWords] === kinds.dir) yield Buffer.from(names.buffer, begin, end - begin)
  }
}

/** Of files and folders that have nothing unusual. */
function plainReading(path: Buffer): NodeReading | undefined {
  try {
    const reading = readNode(path)
    const { type, xattrs, error } = reading.metadata
    return (type === 'file' || type === 'dir') && !xattrs && !error ? reading : undefined
  } catch {
    return undefined
  }
}

/** The buffers in it, to be given to the other thread. */
export const buffersOfLook = ({ names, ends, numbers, bigs, heads, headEnds }: PackedLook): ArrayBuffer[] =>
  [names, ends, numbers, bigs, heads, headEnds].map(({ buffer }) => buffer)

/** What was seen in a folder a moment ago. */
export class FolderLook {
  readonly #packed: PackedLook
  readonly #heads: Buffer

  constructor(packed: PackedLook) {
    this.#packed = packed
    this.#heads = Buffer.from(packed.heads.buffer)
  }

  get count(): number {
    return this.#packed.ends.length
  }

  get names(): readonly Buffer[] {
    const { names, ends } = this.#packed
    return Array.from(ends, (end, i) => Buffer.from(names.buffer, beginOf(ends, i), end - beginOf(ends, i)))
  }

  /** What `fileHead` said of the entry of this number, if it was asked. */
  head(i: number): string | undefined {
    const { headEnds } = this.#packed
    return this.#heads.toString('utf8', beginOf(headEnds, i), headEnds[i]) || undefined
  }

  /** Where that text ends in the document, if it stands there from `at` on; -1 if it does not, or there is none. */
  endOfHead(i: number, document: Buffer, at: number): number {
    const { headEnds } = this.#packed
    const [begin, end] = [beginOf(headEnds, i), headEnds[i]!]
    const behind = at + end - begin
    const stands =
      end > begin && behind <= document.length && this.#heads.compare(document, at, behind, begin, end) === 0
    return stands ? behind : -1
  }

  /** Whether nothing in it was changed at this moment or later. */
  isOlderThan(moment: bigint): boolean {
    const { bigs } = this.#packed
    for (let at = 1; at < bigs.length; at += bigWords) if (bigs[at]! >= moment) return false
    return true
  }

  /** Bytes of all files together. */
  get bytes(): number {
    const { bigs } = this.#packed
    let sum = 0
    for (let at = 4; at < bigs.length; at += bigWords) sum += Number(bigs[at])
    return sum
  }

  ctime(i: number): bigint {
    return this.#packed.bigs[i * bigWords + 1]!
  }

  /** Bytes of a file. */
  size(i: number): number {
    return Number(this.#packed.bigs[i * bigWords + 4])
  }

  /** What `readNode` said of the entry of this number; undefined if it has to be looked at anew. */
  reading(i: number): NodeReading | undefined {
    const { numbers, bigs } = this.#packed
    const [number, big] = [i * numberWords, i * bigWords]
    const kind = numbers[number]
    if (kind === kinds.other) return undefined
    const [uid, gid] = [numbers[number + 2]!, numbers[number + 3]!]
    const mtime = bigs[big]!
    const metadata: NodeMetadata = {
      type: kind === kinds.file ? 'file' : 'dir',
      mode: numbers[number + 1]!,
      mtime,
      atime: mtime,
      ctime: bigs[big + 1]!,
      uid,
      gid,
      user: userName(uid),
      group: groupName(gid),
      inode: unsigned(bigs[big + 2]!),
      deviceId: unsigned(bigs[big + 3]!),
      links: numbers[number + 4]!,
    }
    return { metadata, size: bigs[big + 4]! }
  }
}
