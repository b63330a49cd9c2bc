import { GivenBlobs } from './given-blobs.ts'
import { fillHoles } from './large-file.ts'
import type { CutWhole } from './messages.ts'
import type { StreamCutting } from './stream-cutter.ts'
import type { OnBytes } from './worker-handle.ts'
import type { AdoptedPipe } from './worker-pool.ts'

/** Has a worker read a pipe to its end, and cut it. Rejects with source-unreadable, and when the upload fails. */
export async function cutPipe(
  { fd, begun, taken }: AdoptedPipe,
  { pool, failure, blockBytes, digest }: StreamCutting,
  onBytes: OnBytes,
): Promise<CutWhole> {
  const given = new GivenBlobs(pool)
  const stream = pool.beginStream(blob => given.giveOn(blob))
  const how = { ...(blockBytes && { blockBytes }), ...(digest && { digest }) }
  const request = { stream: stream.number, fd, begun, taken, ...how }
  try {
    const cut = await failure.during(stream.worker.ask('pipe', request, [], onBytes).answer)
    return fillHoles(cut, await failure.during(given.all()))
  } finally {
    pool.endStream(stream)
  }
}
