import { damaged } from './damaged.ts'

// Node decompresses the first zstd frame of its input and silently drops what follows, while restic reads all frames and
// refuses anything else. So frames are told apart here, by their headers and those of their blocks.

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50 // to …5f

/** Where the frames in `bytes` lie; the lengths add up to all of it. Skippable frames are left out of the list. */
export function splitFrames(bytes: Uint8Array): readonly Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const frames: Uint8Array[] = []
  for (let at = 0; at < buffer.length;) {
    const magic = readLe(buffer, at, 4)
    const end = magic === frameMagic ? frameEnd(buffer, at) : skippableEnd(buffer, at, magic)
    if (end > buffer.length) throw truncated()
    if (magic === frameMagic) frames.push(bytes.subarray(at, end))
    at = end
  }
  if (frames.length === 0) throw truncated()
  return frames
}

/** Whether `bytes[from…from+length)` is exactly one frame. */
export function isOneFrame(bytes: Buffer, from: number, length: number): boolean {
  if (length < 5 || bytes.readUInt32LE(from) !== frameMagic) return false
  try {
    return frameEnd(bytes.subarray(from, from + length), 0) === length
  } catch {
    return false
  }
}

function skippableEnd(buffer: Buffer, at: number, magic: number): number {
  if ((magic & 0xfffffff0) >>> 0 !== skippableMagic)
    throw damaged('compressed data holds something that is no zstd frame')
  return at + 8 + readLe(buffer, at + 4, 4)
}

function frameEnd(buffer: Buffer, start: number): number {
  const descriptor = readLe(buffer, start + 4, 1)
  let at = start + 5 + headerRest(descriptor)
  for (let last = false; !last;) {
    const block = readLe(buffer, at, 3)
    last = (block & 1) === 1
    at += 3 + blockBytes((block >> 1) & 3, block >> 3)
  }
  return at + (descriptor & 4 ? 4 : 0)
}

/** Bytes of the frame header after its descriptor: window, dictionary id, content size. */
function headerRest(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryId = [0, 1, 2, 4][descriptor & 3]!
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  return (singleSegment ? 0 : 1) + dictionaryId + contentSize
}

const rawBlock = 0
const runBlock = 1
const compressedBlock = 2

function blockBytes(type: number, size: number): number {
  if (type === rawBlock || type === compressedBlock) return size
  if (type === runBlock) return 1
  throw damaged('compressed data holds a block of an unknown kind')
}

function readLe(buffer: Buffer, at: number, length: number): number {
  if (at + length > buffer.length) throw truncated()
  return buffer.readUIntLE(at, length)
}

const truncated = () => damaged('compressed data ends too early')
