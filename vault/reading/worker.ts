import { parentPort, workerData } from 'node:worker_threads'
import { BlobOpener } from './blob-opener.ts'
import type { FromThread, ThreadStart, ToThread } from './messages.ts'
import { isGoodPack } from './pack-verifier.ts'
import { RangeReader, releaseRange } from './stored-range.ts'

// A thread that reads: what costs processor time happens here.

const { key, polynomial } = workerData as ThreadStart
const port = parentPort!
// Buffers arrive as plain arrays of bytes.
const ownKey = { encrypt: Buffer.from(key.encrypt), k: Buffer.from(key.k), r: Buffer.from(key.r) }
const opener = new BlobOpener(ownKey, polynomial)
const ranges = new RangeReader()

port.on('message', (message: ToThread) => {
  const answer: FromThread = { job: message.job, result: perform(message) }
  port.postMessage(answer)
})

function perform(message: ToThread): boolean {
  const { request } = message
  const result = isGoodPack(opener, ranges, request)
  releaseRange(request.file)
  return result
}
