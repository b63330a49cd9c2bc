import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockTiming } from '../locks/timing.ts'
import type { Repository } from '../repository.ts'
import { LocalStorage } from '../storage/local.ts'
import { MemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { storePoint, testRepository } from '../testing/test-repository.ts'
import { checkRepository } from './check.ts'
import { PacksAhead } from './packs-ahead.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ahead-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

/** Six points with a pack of data each, more than is worth a thread. */
async function sixPoints(storage: Storage) {
  const repository = await testRepository(storage)
  const packs: string[] = []
  for (let i = 0; i < 6; i++) {
    const { dataPack } = await storePoint(repository, { [`file ${i}`]: [randomBytes(1_000_000)] })
    packs.push(dataPack.id)
  }
  return { repository, packs }
}

const check = (repository: Repository, ahead?: PacksAhead) => {
  const timing = { ...lockTiming, settleMs: 0 }
  return checkRepository(repository, { readData: true, timing, threads: 2, ...(ahead && { ahead }) }, {})
}

/** When all packs were hashed, the first before there is a key. */
async function hashedAll(repository: Repository): Promise<PacksAhead> {
  const ahead = new PacksAhead(repository.storage, 2)
  ahead.unlock(repository)
  await ahead.hashed()
  return ahead
}

async function flip(storage: Storage, pack: string, at: number): Promise<void> {
  const bytes = await storage.load('data', pack)
  bytes[at < 0 ? bytes.length + at : at]! ^= 1
  await storage.save('data', pack, bytes)
}

describe('packs that are hashed before there is a key', () => {
  it('are those whose hash is their name', async () => {
    const { repository, packs } = await sixPoints(new LocalStorage(folder))
    await flip(repository.storage, packs[2]!, 1000)
    const ahead = await hashedAll(repository)
    const good = (await repository.storage.list('data')).map(({ name }) => name).filter(name => name !== packs[2])
    expect([...(await ahead.finish())].toSorted()).toEqual(good.toSorted())
    await ahead.end()
  })

  it('are checked as all others are', async () => {
    const { repository, packs } = await sixPoints(new LocalStorage(folder))
    expect((await check(repository, await hashedAll(repository))).problems).toEqual([])
    await flip(repository.storage, packs[2]!, 1000)
    await flip(repository.storage, packs[3]!, -1)
    const found = await check(repository, await hashedAll(repository))
    expect(found.problems.length).toBeGreaterThan(0)
    expect(found).toEqual(await check(repository))
  })

  it('are damaged where they are so only afterwards', async () => {
    const { repository, packs } = await sixPoints(new LocalStorage(folder))
    const ahead = await hashedAll(repository)
    for (const [i, at] of [0, 16, 1000, -1, -5, -50].entries()) await flip(repository.storage, packs[i]!, at)
    const found = await check(repository, ahead)
    expect(new Set(found.problems.map(({ file }) => path.basename(file)))).toEqual(new Set(packs))
    expect(found).toEqual(await check(repository))
  })

  it('are none where threads cannot read them by themselves', async () => {
    const { repository } = await sixPoints(new MemoryStorage())
    const ahead = await hashedAll(repository)
    expect((await ahead.finish()).size).toBe(0)
    expect((await check(repository, ahead)).problems).toEqual([])
  })
})
