import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { Failure } from './failure.ts'
import { IdTable } from './id-table.ts'
import { feedStream } from './stream-cutter.ts'
import { WorkerPool } from './worker-pool.ts'

const MiB = 1024 * 1024

async function* breakingOff(): AsyncGenerator<Buffer> {
  for (let i = 0; i < 3; i++) yield randomBytes(MiB)
  throw new Error('broke off')
}

it('a file that cannot be read to its end leaves nothing in memory, and the upload goes on', async () => {
  const failure = new Failure()
  const table = IdTable.create(0).memory
  const start = { key: newVaultKey(), polynomial: 0x3da3358b4dc173n, compress: true, packBytes: 16 * MiB, table }
  const pool = new WorkerPool(start, { failure, store: async () => {}, onProgress: () => {}, workers: 1 })
  await expect(feedStream(breakingOff(), { pool, failure }, () => {})).rejects.toThrow('broke off')
  const request = { bytes: new Uint8Array(10), lengths: Uint32Array.of(10) }
  const { worker, answer } = await pool.give('contents', request)
  expect([...(await failure.during(answer)).sizes]).toEqual([10])
  // The worker does not know the stream any more.
  await expect(failure.during(worker.ask('endOfStream', { stream: 0 }).answer)).rejects.toThrow('the upload failed')
  await pool.end()
})
