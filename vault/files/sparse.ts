// The block size of nearly every file system: a hole begins and ends on it.
const blockSize = 4096
// Shorter runs are written: holes that small tear a database's files into pieces and save next to nothing.
const shortestHole = 64 * 1024
const zeros = Buffer.alloc(blockSize)

/** Bytes from `start` up to `end`. */
export interface Run {
  readonly start: number
  readonly end: number
}

/**
 * What of `bytes` has to be written if it belongs at `position` of a file that reads as zeros so far: everything but long
 * runs of zeros. Nothing of it when all of a long buffer is zero: the caller sets the file's length.
 */
export function dataRuns(bytes: Buffer, position: number): Run[] {
  const runs: Run[] = []
  let written = 0
  for (const hole of zeroRuns(bytes, position)) {
    if (hole.end - hole.start < shortestHole) continue
    if (hole.start > written) runs.push({ start: written, end: hole.start })
    written = hole.end
  }
  if (written < bytes.length) runs.push({ start: written, end: bytes.length })
  return runs
}

/** Runs of blocks, as they lie in the file, that hold zeros only; the first and the last may be parts of a block. */
function* zeroRuns(bytes: Buffer, position: number): Generator<Run> {
  let start = -1
  for (let from = 0, to: number; from < bytes.length; from = to) {
    to = Math.min(bytes.length, from + blockSize - ((position + from) % blockSize))
    const empty = bytes[from] === 0 && bytes.compare(zeros, 0, to - from, from, to) === 0
    if (empty && start < 0) start = from
    if (empty || start < 0) continue
    yield { start, end: from }
    start = -1
  }
  if (start >= 0) yield { start, end: bytes.length }
}
