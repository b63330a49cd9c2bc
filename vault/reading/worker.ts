import { parentPort, workerData } from 'node:worker_threads'
import { tellLoaded } from '../thread.ts'
import { Engine } from '../wasm/engine.ts'
import { BlobOpener } from './blob-opener.ts'
import { ContentReader } from './contents.ts'
import { makeFiles, writePart } from './file-maker.ts'
import { FileMatcher } from './file-matcher.ts'
import type { FromThread, Kind, Question, Results, ThreadStart, ToThread } from './messages.ts'
import { isGoodPack, isNamedByHash } from './pack-verifier.ts'
import { releaseRange, type StoredRange } from './stored-range.ts'

// A thread that reads: what costs processor time happens here.

const port = parentPort!
tellLoaded()
const matcher = new FileMatcher()

/** What opens blobs, from when the key is there. */
let opening: { readonly opener: BlobOpener; readonly contents: ContentReader } | undefined
if (workerData) start(workerData as ThreadStart)

function start({ key, polynomial }: ThreadStart): void {
  // Buffers arrive as plain arrays of bytes.
  const ownKey = { encrypt: Buffer.from(key.encrypt), k: Buffer.from(key.k), r: Buffer.from(key.r) }
  const opener = new BlobOpener(ownKey, new Engine({ key: ownKey, polynomial }))
  opening = { opener, contents: new ContentReader(opener) }
}

port.on('message', (message: ToThread) => {
  if (message.kind === 'start') return start(message.start)
  const answer: FromThread = { job: message.job, result: perform(message) }
  port.postMessage(answer)
})

function perform(message: Question): Results[Kind] {
  switch (message.kind) {
    case 'hash':
      return isNamedByHash(message.request)
    case 'pack':
      return withRanges([message.request.file], ({ opener }) => isGoodPack(opener, message.request))
    case 'make':
      return withRanges(message.request.list.ranges, ({ contents }) =>
        makeFiles(contents, message.request.list, message.request.settings),
      )
    case 'match':
      return matcher.match(message.request.list, message.request.settings)
    case 'writePart':
      return withRanges(message.request.ranges, ({ contents }) => writePart(contents, message.request))
    case 'matchPart':
      return matcher.matchPart(message.request)
  }
}

function withRanges<T>(used: readonly StoredRange[], act: (open: NonNullable<typeof opening>) => T): T {
  const result = act(opening!)
  opening!.contents.forget()
  for (const range of used) releaseRange(range)
  return result
}
