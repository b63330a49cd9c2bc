import { flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { mixBlocks } from '../wasm/scrypt.ts'

/** What a thread works on: the blocks of some of scrypt's lanes, one behind the other. */
export interface ScryptThreadStart {
  readonly module: object
  readonly blocks: Uint8Array
  readonly N: number
  readonly r: number
}

export interface MixedBlocks {
  readonly blocks: Uint8Array
}

const { module, blocks, N, r } = workerData as ScryptThreadStart
const mixed: MixedBlocks = { blocks: mixBlocks(module, blocks, { N, r }) }
flushCompileCache()
parentPort!.postMessage(mixed)
