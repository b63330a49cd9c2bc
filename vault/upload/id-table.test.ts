import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { IdTable } from './id-table.ts'

const idOf = (n: number): Buffer => createHash('sha256').update(String(n)).digest()

describe('the table of stored blobs', () => {
  it('tells exactly the first that comes with an id to store the blob', () => {
    const table = IdTable.create(0)
    expect(table.claim(idOf(1))).toBe(true)
    expect(table.claim(idOf(1))).toBe(false)
    expect(table.claim(idOf(2))).toBe(true)
  })

  it('forgets no id while it grows to many times its first size', () => {
    const table = IdTable.create(0)
    const many = 200_000
    for (let n = 0; n < many; n++)
      if (table.has(idOf(n)) || !table.claim(idOf(n))) throw new Error(`${n} was not there before`)
    for (let n = 0; n < many; n++)
      if (!table.has(idOf(n)) || table.claim(idOf(n))) throw new Error(`${n} was forgotten`)
  })

  it('keeps ids apart that begin alike, more of them than a window holds', () => {
    const table = IdTable.create(0)
    const ids = Array.from({ length: 300 }, (_, n) => Buffer.concat([Buffer.alloc(28, 0xff), idOf(n).subarray(0, 4)]))
    expect(ids.map(id => table.claim(id))).toEqual(ids.map(() => true))
    expect(ids.map(id => table.claim(id))).toEqual(ids.map(() => false))
  })

  it('lets a blob be stored twice rather than never when it cannot grow', () => {
    const table = IdTable.create(0, 1)
    const ids = Array.from({ length: 100_000 }, (_, n) => idOf(n))
    expect(ids.map(id => table.claim(id))).not.toContain(false)
    expect(ids.filter(id => table.claim(id)).length).toBeGreaterThan(0)
  })

  it('gives an id to one of several threads only, while it grows under their hands', async () => {
    const table = IdTable.create(0)
    const threads = 3
    const ids = 60_000
    const claims = await Promise.all(Array.from({ length: threads }, () => claimInThread(table, ids)))
    const sum = new Uint8Array(ids)
    for (const claimed of claims) for (let n = 0; n < ids; n++) sum[n]! += claimed[n]!
    expect(sum.every(times => times === 1)).toBe(true)
  })
})

/** Which of the first `ids` numbers' ids the thread was given. */
function claimInThread(table: IdTable, ids: number): Promise<Uint8Array> {
  const program = `
    import { createHash } from 'node:crypto'
    import { parentPort, workerData } from 'node:worker_threads'
    const { IdTable } = await import(workerData.module)
    const table = IdTable.open(workerData.memory)
    const claimed = new Uint8Array(workerData.ids)
    for (let n = 0; n < workerData.ids; n++)
      claimed[n] = table.claim(createHash('sha256').update(String(n)).digest()) ? 1 : 0
    parentPort.postMessage(claimed)`
  const module = new URL('./id-table.ts', import.meta.url).href
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
  const worker = new Worker(url, { workerData: { module, memory: table.memory, ids } })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
