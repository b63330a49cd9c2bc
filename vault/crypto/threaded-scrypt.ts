import { pbkdf2 } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { threadOptions } from '../thread.ts'
import { compileScrypt } from '../wasm/scrypt.ts'
import type { MixedBlocks, ScryptThreadStart } from './scrypt-thread.ts'
import { nodeScrypt, type Scrypt, type ScryptParameters } from './scrypt.ts'

// Opening a vault costs whoever guesses passwords half a second of a processor for each, and us the same with every command.
// Node goes through scrypt's lanes one after the other. They do not depend on each other: vector instructions and two
// lanes side by side take half of the time, threads less again where there are cores to spare.

const derive = promisify(pbkdf2)

// A lane takes 32 MiB with what restic chooses, and a thread works on two. With two cores a second thread would mostly wait
// for memory, and take its start and its memory besides.
const mostThreads = 2
const coresOfThread = 2
const mostLaneBytes = 32 * 1024 * 1024
/** N * r * p, below which starting threads costs more than they save. */
const leastWork = 2 ** 19

/** Whether threads derive a key sooner, without an unusual amount of memory. */
export const isWorthThreads = ({ N, r, p }: ScryptParameters): boolean =>
  p > 1 && N * r * p >= leastWork && 128 * N * r <= mostLaneBytes

/** scrypt's ROMix of the blocks of all lanes, 128 * r bytes each. */
export type Mix = (blocks: Uint8Array, cost: { readonly N: number; readonly r: number }) => Promise<Uint8Array>

/** scrypt with another ROMix than Node's; with Node's where that one fails. */
export const scryptWith =
  (mix: Mix): Scrypt =>
  async (password, parameters) => {
    const { N, r, p, salt } = parameters
    const blocks = await derive(password, salt, 1, 128 * r * p, 'sha256')
    const mixed = await mix(blocks, { N, r }).catch(() => undefined)
    return mixed ? derive(password, mixed, 1, 64, 'sha256') : nodeScrypt(password, parameters)
  }

/** Rejects where no threads or no WebAssembly are to be had. The threads are gone when it resolves. */
export const mixOnThreads: Mix = async (blocks, { N, r }) => {
  const module = compileScrypt()
  const pairs = Math.ceil(blocks.length / (256 * r))
  const threads = Math.max(1, Math.min(mostThreads, Math.floor(availableParallelism() / coresOfThread), pairs))
  const shareBytes = 256 * r * Math.ceil(pairs / threads)
  const shares = Array.from({ length: threads }, (_, at) => blocks.subarray(at * shareBytes, (at + 1) * shareBytes))
  return Buffer.concat(await Promise.all(shares.map(share => mixOnThread({ module, blocks: share, N, r }))))
}

/** The same as Node's, sooner. */
export const threadedScrypt = scryptWith(mixOnThreads)

async function mixOnThread(start: ScryptThreadStart): Promise<Uint8Array> {
  const worker = new Worker(new URL('./scrypt-thread.ts', import.meta.url), threadOptions(start))
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      worker.on('message', ({ blocks }: MixedBlocks) => resolve(blocks))
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('a thread ended without an answer')))
    })
  } finally {
    await worker.terminate()
  }
}
