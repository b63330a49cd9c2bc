import { flushCompileCache } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { VaultError } from '../errors.ts'
import { tellLoaded } from '../thread.ts'
import { Engine } from '../wasm/engine.ts'
import { ContentCutter, type BlobGiver, type ContentStream, type RangeGiver } from './content-cutter.ts'
import { unreadBecauseOf } from './id-list.ts'
import { IdTable } from './id-table.ts'
import { buffersOf, creditWords } from './messages.ts'
import { UnseenReader } from './unseen-reader.ts'
import type { CutFile, FromWorker, Kind, Requests, Results, ToWorker, WorkerStart } from './messages.ts'
import { PackSlots } from './pack-slots.ts'
import { PackStage, type StagedPack } from './pack-stage.ts'
import { ReadWindow } from './read-window.ts'

// A thread of an upload: what costs processor time happens here.

const start = workerData as WorkerStart
const port = parentPort!
tellLoaded()
const credit = new Int32Array(start.credit)
const slots = PackSlots.open(start.slots)
const engine = new Engine({ key: keyOf(start), polynomial: start.polynomial })
const stage = new PackStage(engine, { compress: start.compress, packBytes: start.packBytes, slots, onPack })
const contents = new ContentCutter(new ReadWindow(engine), IdTable.open(start.table), stage)
const unseen = new UnseenReader(contents)
const streams = new Map<number, { memory: Uint8Array; content: ContentStream }>()

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
      return orUnread(() => contents.large(message.request, giverOf(message.job), giveTurn))
    case 'range':
      return orUnread(() => contents.range(message.request))
    case 'blob':
      return contents.blob(message.request)
    case 'piece':
      return takePiece(message.request)
    case 'endOfStream':
      return endStream(message.request)
    case 'dropStream':
      return dropStream(message.request)
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

const giverOfStream = (stream: number): BlobGiver => ({
  wanted,
  give: (place, bytes) => tell({ kind: 'give-blob', stream, place, bytes }, [bytes.buffer]),
})

async function giveTurn(bytes: number): Promise<void> {
  tell({ kind: 'progress', bytes })
  await nextTurn()
}

function takePiece({ stream, memory, at, length, blockBytes }: Requests['piece']): object {
  if (memory)
    streams.set(stream, { memory: new Uint8Array(memory), content: contents.stream(giverOfStream(stream), blockBytes) })
  const open = streams.get(stream)!
  open.content.piece(open.memory.subarray(at, at + length))
  return {}
}

function endStream({ stream }: Requests['endOfStream']): CutFile {
  const { content } = streams.get(stream)!
  streams.delete(stream)
  return content.end()
}

function dropStream({ stream }: Requests['dropStream']): object {
  streams.get(stream)?.content.drop()
  streams.delete(stream)
  return {}
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
