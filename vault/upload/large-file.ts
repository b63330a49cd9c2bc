import { closeSync } from 'node:fs'
import type { CutOptions } from '../types.ts'
import type { Failure } from './failure.ts'
import { hole } from './content-cutter.ts'
import type { CutFile } from './messages.ts'
import { openSource } from './open-source.ts'
import type { OnBytes } from './worker-handle.ts'
import type { GiveRange, WorkerPool } from './worker-pool.ts'

export interface LargeFileOptions extends CutOptions {
  readonly onBytes: OnBytes
}

/**
 * Cuts a large file into blobs: one worker reads and cuts it, and gives some of the blobs to others that are idle. They
 * read the same open file, so that one that is replaced meanwhile stays one. Errors of opening it are Node's.
 */
export async function cutLargeFile(
  path: Buffer,
  pool: WorkerPool,
  failure: Failure,
  { onBytes, ...options }: LargeFileOptions,
): Promise<CutFile> {
  const fd = openSource(path)
  const ranges: Promise<GivenBlob>[] = []
  const giveRange = async ({ place, offset, length }: GiveRange) => {
    const { answer } = await pool.give('range', { fd, offset, length })
    return { place, cut: await answer }
  }
  try {
    const onRange = (range: GiveRange) => {
      const cutting = giveRange(range)
      // They are awaited when the file is through; one that fails before must not end the process by it.
      cutting.catch(() => {})
      ranges.push(cutting)
    }
    const { answer } = await pool.giveLarge({ fd, ...options }, onRange, onBytes)
    const file = await failure.during(answer)
    return fillHoles(file, await failure.during(Promise.all(ranges)))
  } finally {
    if (failure.failed) pool.closeAtEnd(fd)
    else closeSync(fd)
  }
}

/** A blob that was given away. */
export interface GivenBlob {
  readonly place: number
  readonly cut: CutFile
}

/** The blobs that were given away, put in their places. A file that shrank meanwhile has fewer. */
export function fillHoles<T extends CutFile>(file: T, ranges: readonly GivenBlob[]): T {
  const unread = file.unread ?? ranges.find(({ cut }) => cut.unread)?.cut.unread
  const ids = Buffer.from(file.ids)
  let { size } = file
  for (const { place, cut } of ranges) {
    ids.set(cut.ids, place * 32)
    size += cut.size
  }
  return { ...file, ids: withoutHoles(ids), size, ...(unread && { unread }) }
}

function withoutHoles(ids: Buffer): Uint8Array<ArrayBuffer> {
  const kept: Buffer[] = []
  for (let at = 0; at < ids.length; at += 32) {
    const id = ids.subarray(at, at + 32)
    if (!id.equals(hole)) kept.push(id)
  }
  return new Uint8Array(Buffer.concat(kept))
}
