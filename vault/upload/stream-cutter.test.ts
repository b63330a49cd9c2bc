import { hash, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { newVaultKey } from '../crypto/keys.ts'
import { Failure } from './failure.ts'
import { IdTable } from './id-table.ts'
import { feedStream } from './stream-cutter.ts'
import type { Kind } from './messages.ts'
import type { FinishedPack } from './pack-builder.ts'
import { WorkerPool, type Taken } from './worker-pool.ts'

const MiB = 1024 * 1024

async function* breakingOff(): AsyncGenerator<Buffer> {
  for (let i = 0; i < 3; i++) yield randomBytes(MiB)
  throw new Error('broke off')
}

it('a file that cannot be read to its end leaves nothing in memory, and the upload goes on', async () => {
  const failure = new Failure()
  const table = IdTable.create(0).memory
  const start = { key: newVaultKey(), polynomial: 0x3da3358b4dc173n, compress: true, packBytes: 16 * MiB, table }
  const pool = new WorkerPool(start, { failure, store: async () => {}, workers: 1 })
  await expect(feedStream(breakingOff(), { pool, failure }, () => {})).rejects.toThrow('broke off')
  const request = { bytes: new Uint8Array(10), lengths: Uint32Array.of(10) }
  const { worker, answer } = await pool.give('contents', request)
  expect([...(await failure.during(answer)).sizes]).toEqual([10])
  // The worker does not know the stream any more.
  await expect(failure.during(worker.ask('endOfStream', { stream: 0 }).answer)).rejects.toThrow('the upload failed')
  await pool.end()
})

it('a stream is worked on by all threads, and its blobs stand in their order', async () => {
  const content = randomBytes(12 * MiB)
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536)
  }
  const [polynomial, key] = [0x3da3358b4dc173n, newVaultKey()]
  const cutWith = async (workers: number) => {
    const failure = new Failure()
    const start = { key, polynomial, compress: true, packBytes: 16 * MiB, table: IdTable.create(0).memory }
    let given = 0
    class CountingPool extends WorkerPool {
      override give<K extends Kind>(...[kind, request, transfer]: Parameters<WorkerPool['give']>): Promise<Taken<K>> {
        if (kind === 'blob') given++
        return super.give(kind, request, transfer) as Promise<Taken<K>>
      }
    }
    const store = async ({ release }: FinishedPack) => release()
    const pool = new CountingPool(start, { failure, store, workers })
    const { cut } = await feedStream(pieces(), { pool, failure, digest: true }, () => {})
    const { ids, size, whole } = await cut
    await pool.end()
    return { given, size, ...whole!, ids: Buffer.from(ids).toString('hex') }
  }
  const [alone, together] = [await cutWith(1), await cutWith(2)]
  expect(together.given).toBeGreaterThan(0)
  expect(together).toEqual({ ...alone, given: together.given })
  expect(alone).toMatchObject({ given: 0, size: content.length })
  expect(Buffer.from(alone.head)).toEqual(content.subarray(0, 16))
  expect(alone.sha256).toBe(hash('sha256', content))
})
