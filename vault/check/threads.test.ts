import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VaultError } from '../errors.ts'
import { lockTiming } from '../locks/timing.ts'
import { LocalStorage } from '../storage/local.ts'
import { MemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { FaultyStorage } from '../storage/testing/faulty.ts'
import { storePoint, testRepository } from '../testing/test-repository.ts'
import { checkRepository } from './check.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'check-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const options = { readData: true, timing: { ...lockTiming, settleMs: 0 }, threads: 2 }

/** Ten points with a pack of data each. */
async function tenPoints(storage: Storage) {
  const repository = await testRepository(storage)
  const points = []
  for (let i = 0; i < 10; i++) points.push(await storePoint(repository, { [`file ${i}`]: [randomBytes(50_000)] }))
  return { repository, points }
}

describe('a check by threads', () => {
  it('finds what is damaged on a local disk, where threads read by themselves, and nothing else', async () => {
    const storage = new LocalStorage(folder)
    const { repository, points } = await tenPoints(storage)
    expect((await checkRepository(repository, options, {})).problems).toEqual([])
    const { dataPack, snapshot } = points[3]!
    const bytes = await storage.load('data', dataPack.id)
    bytes[1000]! ^= 1
    await storage.save('data', dataPack.id, bytes)
    await storage.save('data', points[5]!.dataPack.id, Buffer.alloc(0))
    const { problems, bytesRead } = await checkRepository(repository, options, {})
    expect(problems).toEqual((await checkRepository(repository, { ...options, threads: 0 }, {})).problems)
    expect(problems.filter(({ snapshots }) => snapshots.includes(snapshot)).map(({ kind }) => kind)).toEqual([
      'file-damaged',
      'blob-damaged',
    ])
    const sizes = (await storage.list('data')).map(({ size }) => size)
    expect(bytesRead).toBe(sizes.reduce((sum, size) => sum + size, 0))
  })

  it('takes for good what could not be read at first', async () => {
    let fail = true
    const storage = new FaultyStorage(new MemoryStorage(), operation => {
      if (operation !== 'loadPart' || !fail) return
      fail = false
      throw new VaultError('storage-failed', 'the wire was cut')
    })
    const { repository } = await tenPoints(storage)
    expect((await checkRepository(repository, options, {})).problems).toEqual([])
    expect(fail).toBe(false)
  })

  it('has as many packs under way at once as the storage likes, and no more', async () => {
    let [now, most] = [0, 0]
    let names = new Set<string>()
    const full = Promise.withResolvers<void>()
    const load = async (operation: string, _type: string, name: string) => {
      if (operation !== 'loadPart' || !names.has(name)) return
      most = Math.max(most, ++now)
      if (now === 5) full.resolve()
      await full.promise
      now--
    }
    const storage = Object.assign(new FaultyStorage(new MemoryStorage(), load), { connections: 5 })
    const { repository, points } = await tenPoints(storage)
    names = new Set(points.map(({ dataPack }) => dataPack.id))
    expect((await checkRepository(repository, options, {})).problems).toEqual([])
    expect(most).toBe(5)
  })
})
