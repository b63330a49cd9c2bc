import { placeWords, type ContentPlan } from './content-plan.ts'
import type { BlobOpener } from './blob-opener.ts'
import { RangeReader, type StoredRange } from './stored-range.ts'

/** A plan with its ranges at hand. */
export interface PlannedContents extends Omit<ContentPlan, 'ranges'> {
  readonly ranges: readonly StoredRange[]
}

// More of one job are seldom open at the same time: contents mostly lie in the order in which they are read.
const readersKept = 2

/** Hands out the blobs of planned contents one after the other. One for each thread. */
export class ContentReader {
  readonly #opener: BlobOpener
  readonly #readers = Array.from({ length: readersKept }, () => new RangeReader())
  /** What each reader holds, last used first. */
  #held: { readonly range: StoredRange; readonly bytes: Uint8Array; readonly reader: RangeReader }[] = []
  #last: { readonly contents: PlannedContents; readonly blob: number; readonly plain: Buffer } | undefined

  constructor(opener: BlobOpener) {
    this.#opener = opener
  }

  /** The verified plaintext of a blob, valid until the next call. Throws vault-damaged or the system's error. */
  open(contents: PlannedContents, blob: number): Buffer {
    const last = this.#last
    if (last?.contents === contents && sameBlob(contents, last.blob, blob)) return last.plain
    this.#last = undefined
    const [range, offset, length, uncompressedLength] = [0, 1, 2, 3].map(
      word => contents.places[blob * placeWords + word]!,
    ) as [number, number, number, number]
    const stored = this.#bytesOf(contents.ranges[range]!).subarray(offset, offset + length)
    const plain = this.#opener.open({ length, uncompressedLength }, idOf(contents, blob), stored)
    this.#last = { contents, blob, plain }
    return plain
  }

  /** To be called when a job is done: what is read next may be something else in the same place. */
  forget(): void {
    this.#held = []
    this.#last = undefined
  }

  #bytesOf(range: StoredRange): Uint8Array {
    if ('bytes' in range) return range.bytes
    const held = this.#held.find(kept => kept.range === range)
    if (held) return held.bytes
    const used = this.#held.length < readersKept ? undefined : this.#held.pop()
    const reader = used?.reader ?? this.#readers.find(free => !this.#held.some(kept => kept.reader === free))!
    const bytes = reader.read(range)
    this.#held.unshift({ range, bytes, reader })
    return bytes
  }
}

/** The id of a blob of planned contents. */
export const idOf = ({ ids }: Pick<PlannedContents, 'ids'>, blob: number): Uint8Array =>
  ids.subarray(blob * 32, blob * 32 + 32)

const sameBlob = (contents: PlannedContents, a: number, b: number): boolean =>
  a === b || Buffer.from(idOf(contents, a)).equals(idOf(contents, b))
