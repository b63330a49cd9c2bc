import { parentPort, workerData } from 'node:worker_threads'
import { Engine } from '../wasm/engine.ts'
import { BlobOpener } from './blob-opener.ts'
import { ContentReader } from './contents.ts'
import { makeFiles, writePart } from './file-maker.ts'
import { FileMatcher } from './file-matcher.ts'
import type { FromThread, Kind, Results, ThreadStart, ToThread } from './messages.ts'
import { isGoodPack } from './pack-verifier.ts'
import { releaseRange, type StoredRange } from './stored-range.ts'

// A thread that reads: what costs processor time happens here.

const { key, polynomial } = workerData as ThreadStart
const port = parentPort!
// Buffers arrive as plain arrays of bytes.
const ownKey = { encrypt: Buffer.from(key.encrypt), k: Buffer.from(key.k), r: Buffer.from(key.r) }
const opener = new BlobOpener(ownKey, new Engine({ key: ownKey, polynomial }))
const contents = new ContentReader(opener)
const matcher = new FileMatcher()

port.on('message', (message: ToThread) => {
  const answer: FromThread = { job: message.job, result: perform(message) }
  port.postMessage(answer)
})

function perform(message: ToThread): Results[Kind] {
  switch (message.kind) {
    case 'pack':
      return withRanges([message.request.file], () => isGoodPack(opener, message.request))
    case 'make':
      return withRanges(message.request.list.ranges, () =>
        makeFiles(contents, message.request.list, message.request.settings),
      )
    case 'match':
      return matcher.match(message.request.list, message.request.settings)
    case 'writePart':
      return withRanges(message.request.ranges, () => writePart(contents, message.request))
    case 'matchPart':
      return matcher.matchPart(message.request)
  }
}

function withRanges<T>(used: readonly StoredRange[], act: () => T): T {
  const result = act()
  contents.forget()
  for (const range of used) releaseRange(range)
  return result
}
