import { parentPort, workerData } from 'node:worker_threads'
import type { VaultKey } from '../crypto/keys.ts'
import { tellLoaded } from '../thread.ts'
import { reseal, type Resealed, type Sealing, type Stretch } from './reseal.ts'

// A thread of a copy: what costs processor time happens here.

/** What a thread is started with. */
export interface ResealStart {
  readonly from: Sealing
  readonly to: Sealing
}

export interface ResealJob {
  readonly job: number
  readonly stretch: Stretch
}

export type ResealAnswer =
  { readonly job: number; readonly resealed: Resealed } | { readonly job: number; readonly failure: string }

const start = workerData as ResealStart
const port = parentPort!
tellLoaded()
const [from, to] = [sealingOf(start.from), sealingOf(start.to)]

port.on('message', ({ job, stretch }: ResealJob) => {
  try {
    const resealed = reseal(stretch, from, to)
    port.postMessage({ job, resealed } satisfies ResealAnswer, [resealed.bytes.buffer])
  } catch (error) {
    port.postMessage({ job, failure: error instanceof Error ? error.message : String(error) } satisfies ResealAnswer)
  }
})

// Buffers come through as plain arrays.
function sealingOf({ key: { encrypt, k, r }, version }: Sealing): Sealing {
  const key: VaultKey = { encrypt: Buffer.from(encrypt), k: Buffer.from(k), r: Buffer.from(r) }
  return { key, version }
}
