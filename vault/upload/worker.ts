import { flushCompileCache } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import { tellLoaded } from '../thread.ts'
import { Engine } from '../wasm/engine.ts'
import { ContentCutter, type BlobGiver, type RangeGiver } from './content-cutter.ts'
import { unreadBecauseOf } from './id-list.ts'
import { IdTable } from './id-table.ts'
import { buffersOf, creditWords } from './messages.ts'
import { UnseenReader } from './unseen-reader.ts'
import type { CutFile, FromWorker, Kind, Results, ToWorker, WorkerStart } from './messages.ts'
import { PackSlots } from './pack-slots.ts'
import { PackStage, type StagedPack } from './pack-stage.ts'
import { ReadWindow } from './read-window.ts'
import { WorkerStreams } from './worker-streams.ts'

// A thread of an upload: what costs processor time happens here.

const start = workerData as WorkerStart
const port = parentPort!
tellLoaded()
const credit = new Int32Array(start.credit)
const slots = PackSlots.open(start.slots)
const engine = new Engine({ key: keyOf(start), polynomial: start.polynomial })
const { compress, packBytes, drafts } = start
const stage = new PackStage(engine, { compress, packBytes, slots, onPack, ...(drafts && { drafts }) })
const contents = new ContentCutter(new ReadWindow(engine), IdTable.open(start.table), stage)
const unseen = new UnseenReader(contents)
const streams = new WorkerStreams(contents, giverOfStream)

port.on('message', (message: ToWorker) => void work(message))

async function work(message: ToWorker): Promise<void> {
  try {
    const result = await perform(message)
    tell({ kind: 'done', job: message.job, result }, buffersOf(result))
  } catch (error) {
    tell(failure(error))
  }
}

function perform(message: ToWorker): Results[Kind] | Promise<CutFile> {
  switch (message.kind) {
    case 'files':
      return contents.files(message.request)
    case 'unseen':
      return unseen.read(message.request)
    case 'contents':
      return contents.contents(message.request)
    case 'large':
      return orUnread(() =>
        contents.large(message.request, giverOf(message.job), bytes => giveTurn(message.job, bytes)),
      )
    case 'range':
      return orUnread(() => contents.range(message.request))
    case 'blob':
      return contents.blob(message.request)
    case 'piece':
      return streams.piece(message.request)
    case 'pipe':
      return streams.pipe(message.request, bytes => tellProgress(message.job, bytes))
    case 'endOfStream':
      return streams.end(message.request)
    case 'dropStream':
      return streams.drop(message.request)
    case 'finish':
      flushCompileCache()
      return stage.takeRest()
  }
}

async function orUnread(cut: () => CutFile | Promise<CutFile>): Promise<CutFile> {
  try {
    return await cut()
  } catch (error) {
    return { ids: new Uint8Array(), size: 0, unread: unreadBecauseOf(error) }
  }
}

function wanted(): boolean {
  if (Atomics.load(credit, creditWords.wantedRanges) <= 0) return false
  return Atomics.sub(credit, creditWords.wantedRanges, 1) > 0
}

const giverOf = (job: number): RangeGiver => ({
  wanted,
  give: (place, offset, length) => tell({ kind: 'give-range', job, place, offset, length }),
})

function giverOfStream(stream: number): BlobGiver {
  return { wanted, give: (place, blob) => tell({ kind: 'give-blob', stream, place, blob }) }
}

const tellProgress = (job: number, bytes: number): void => tell({ kind: 'progress', job, bytes })

async function giveTurn(job: number, bytes: number): Promise<void> {
  tellProgress(job, bytes)
  await nextTurn()
}

function onPack(pack: StagedPack): void {
  tell({ kind: 'pack', ...pack }, buffersOf({ blobs: pack.blobs }))
}

function tell(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

function failure(error: unknown): FromWorker {
  if (error instanceof VaultError) {
    const { code, message, hint } = error
    return { kind: 'failed', code, message, ...(hint && { hint }) }
  }
  return { kind: 'failed', code: 'storage-failed', message: `the upload failed: ${String(error)}` }
}

/** Buffers arrive as plain arrays of bytes. */
function keyOf({ key: { encrypt, k, r } }: WorkerStart) {
  return { encrypt: Buffer.from(encrypt), k: Buffer.from(k), r: Buffer.from(r) }
}
