import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { PackSlots } from './pack-slots.ts'

describe('the memory for packs', () => {
  it('is given to one at a time, the part used before first', () => {
    const slots = PackSlots.create(3)
    const other = PackSlots.open(slots.shared)
    expect([slots.claim(), other.claim(), slots.claim()]).toEqual([0, 1, 2])
    other.release(1)
    other.release(0)
    expect([other.claim(), slots.claim()]).toEqual([0, 1])
    slots.memory(2)[7] = 9
    expect(other.memory(2)[7]).toBe(9)
  })

  it('makes a thread wait while none is free, and no longer', async () => {
    const slots = PackSlots.create(1)
    slots.claim()
    const module = JSON.stringify(new URL('./pack-slots.ts', import.meta.url).href)
    const code = `const { workerData, parentPort } = require('node:worker_threads')
      import(${module}).then(({ PackSlots }) => {
        parentPort.postMessage('asks')
        parentPort.postMessage(PackSlots.open(workerData).claim())
      })`
    const worker = new Worker(code, { eval: true, workerData: slots.shared })
    expect(await once(worker, 'message')).toEqual(['asks'])
    slots.memory(0)[0] = 1
    const answer = once(worker, 'message')
    slots.release(0)
    expect(await answer).toEqual([0])
    await worker.terminate()
  })
})
