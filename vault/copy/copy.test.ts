import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { lockTiming } from '../locks/timing.ts'
import { entries } from '../read.ts'
import { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import { FaultyStorage } from '../storage/testing/faulty.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { collectBytes } from '../testing/collect.ts'
import { storeIndex, storePack, storePoint, testRepository, type TestFolder } from '../testing/test-repository.ts'
import type { Snapshot, VaultRun } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { copySnapshots, findCopies, type CopySettings } from './copy.ts'

const timing = { ...lockTiming, settleMs: 0 }

/** Small packs, and batches of a point or two, so that little data goes every way. */
const small: CopySettings = { packBytes: 20_000, batchBytes: 60_000, timing }

async function copyAll(source: Repository, target: Repository, run: VaultRun = {}, settings = small) {
  const places = { source, reader: new VaultReader(source), target }
  return copySnapshots(places, await listSnapshots(source), run, settings)
}

/** Three points that share most of what is in them, the last one in a pack of many small blobs. */
async function threePoints(repository: Repository) {
  const files: TestFolder = {
    'a.bin': [randomBytes(30_000), randomBytes(9000)],
    deep: { er: { 'b.txt': [Buffer.from('b'.repeat(5000))] } },
  }
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}`, [Buffer.from(`file ${i}`)]]))
  const time = (day: number) => ({ time: new Date(Date.UTC(2026, 0, day)) })
  return [
    await storePoint(repository, files, time(1)),
    await storePoint(repository, { ...files, more: [randomBytes(10)] }, { ...time(2), tags: ['tag'] }),
    await storePoint(repository, { ...files, many, empty: [] }, time(3)),
  ] as const
}

/** Everything in a point, by path. */
async function contentOf(repository: Repository, snapshot: Snapshot): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for await (const { path, bytes } of entries(new VaultReader(repository), snapshot, ''))
    content[Buffer.from(path).toString()] = bytes ? (await collectBytes(bytes)).toString('base64') : 'folder'
  return content
}

async function expectClean(repository: Repository): Promise<void> {
  const { problems } = await checkRepository(repository, { readData: true, timing }, {})
  expect(problems).toEqual([])
}

describe('a copy', () => {
  it('is the same point in the other vault, to the last byte, and says where it comes from', async () => {
    const [source, target] = [await testRepository(), await testRepository()]
    await threePoints(source)
    const report = await copyAll(source, target)
    expect(report).toMatchObject({ present: [], failed: [] })
    await expectClean(target)
    const originals = await listSnapshots(source)
    expect(report.copied.map(({ from }) => from.id)).toEqual(originals.map(({ id }) => id))
    for (const [i, copy] of (await listSnapshots(target)).entries()) {
      const { id, ...rest } = originals[i]!
      expect(copy).toEqual({ ...rest, id: report.copied[i]!.to.id, original: id })
      expect(await contentOf(target, copy)).toEqual(await contentOf(source, originals[i]!))
    }
  })

  it('is made once, also when it is copied on and comes back', async () => {
    const [first, second, third] = [await testRepository(), await testRepository(), await testRepository()]
    await threePoints(first)
    await copyAll(first, second)
    expect((await copyAll(first, second)).present).toHaveLength(3)
    await copyAll(second, third)
    for (const [from, to] of [
      [third, first],
      [third, second],
      [first, third],
    ] as const) {
      const report = await copyAll(from, to)
      expect([report.copied, report.blobs, report.present.length]).toEqual([[], 0, 3])
    }
    expect((await findCopies({ source: third, target: first }, await listSnapshots(third))).size).toBe(3)
  })

  it('brings only what is missing', async () => {
    const [source, target] = [await testRepository(), await testRepository()]
    await threePoints(source)
    const [oldest] = await listSnapshots(source)
    const places = { source, reader: new VaultReader(source), target }
    await copySnapshots(places, [oldest!], {}, small)
    const report = await copyAll(source, target)
    // Of the second: its one file and its top. Of the third: 300 files, their folder and its top.
    expect(report).toMatchObject({ blobs: 304 })
    await expectClean(target)
  })

  it('keeps the nanoseconds of the time, and what only other programs know', async () => {
    const [source, target] = [await testRepository(), await testRepository()]
    const { tree } = await storePoint(source, {})
    const json = `{"time":"2026-02-03T04:05:06.123456789+01:00","parent":"${tree}","tree":"${tree}","paths":["/p"],"hostname":"h","excludes":["*.o"],"future":{"n":12345678901234567890}}`
    await source.saveUnpacked('snapshots', Buffer.from(json))
    const { copied } = await copyAll(source, target)
    const { from, to } = copied.at(-1)!
    expect((await target.loadUnpacked('snapshots', to.id)).toString()).toBe(
      json.replace(`"parent":"${tree}",`, '').replace(/}$/, `,"original":"${from.id}"}`),
    )
  })

  it('is refused into the same vault', async () => {
    const source = await testRepository()
    await expect(copyAll(source, source)).rejects.toMatchObject({ code: 'bad-input' })
  })
})

describe('a copy from a damaged vault', () => {
  it('leaves out the points that are not whole, and says which; the others arrive', async () => {
    const source = await testRepository()
    const [, victim] = await threePoints(source)
    await source.storage.save('data', victim.dataPack.id, randomBytes(40_000))
    // What the first point has stands in its own packs, too; only what is new in the second is lost.
    for (const settings of [small, { packBytes: 1_000_000, timing }]) {
      const target = await testRepository()
      const { copied, failed } = await copyAll(source, target, {}, settings)
      expect(failed.map(({ from }) => from.id)).toEqual([victim.snapshot])
      expect(copied).toHaveLength(2)
      await expectOnlyOrphans(target)
    }
  })

  it('leaves out all points that need a folder which cannot be read, and no other', async () => {
    const source = await testRepository()
    const deep = { folder: { inside: { 'a.txt': [Buffer.from('a')] } } }
    const lost = await storePoint(source, deep, { time: new Date('2026-01-01') })
    await storePoint(source, { ...deep, other: [Buffer.from('b')] }, { time: new Date('2026-01-02') })
    await storePoint(source, { third: [Buffer.from('c')] }, { time: new Date('2026-01-03') })
    // The tree of "inside" is in both tree packs.
    for (const { name } of await source.storage.list('index')) {
      const text = (await source.loadUnpacked('index', name)).toString()
      const index = JSON.parse(text) as { packs: { blobs: { id: string; type: string }[] }[] }
      for (const pack of index.packs) pack.blobs = pack.blobs.filter(({ id }) => id !== lost.treePack.blobs[0]!.id)
      await source.storage.remove('index', name)
      await source.saveUnpacked('index', Buffer.from(JSON.stringify(index)))
    }
    const target = await testRepository()
    const { copied, failed } = await copyAll(source, target)
    expect([copied.length, failed.length]).toEqual([1, 2])
    expect(failed.map(({ error }) => error.message).join()).toContain('is not in the vault')
    await expectOnlyOrphans(target)
  })

  it('takes what it needs from wherever it is whole', async () => {
    const [source, target] = [await testRepository(), await testRepository()]
    const blob = { type: 'data', plain: randomBytes(5000) } as const
    const { dataPack } = await storePoint(source, { a: [blob.plain] })
    await storeIndex(source, [await storePack(source, [blob])])
    const bytes = await source.storage.load('data', dataPack.id)
    bytes[100]! ^= 1
    await source.storage.save('data', dataPack.id, bytes)
    expect(await copyAll(source, target)).toMatchObject({ copied: [{}], failed: [] })
    await expectClean(target)
  })

  async function expectOnlyOrphans(repository: Repository): Promise<void> {
    const { problems } = await checkRepository(repository, { readData: true, timing }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  }
})

describe('a copy that breaks off', () => {
  it('because the target is full leaves no point there, and no damage; run again, it completes', async () => {
    const source = await testRepository()
    await threePoints(source)
    const memory = new MemoryStorage()
    const target = await testRepository(memory)
    let room = 2
    const full = new FaultyStorage(memory, (operation, type) => {
      if (operation === 'save' && type === 'data' && room-- <= 0) throw new Error('no space left')
    })
    await expect(copyAll(source, new Repository(full, target.key, target.config))).rejects.toThrow('no space left')
    expect(await listSnapshots(target)).toEqual([])
    expect((await copyAll(source, target)).copied).toHaveLength(3)
    const { problems } = await checkRepository(target, { readData: true, timing }, {})
    expect(problems.filter(({ kind }) => kind !== 'pack-orphan')).toEqual([])
  })

  it('because somebody wants it to says so, and leaves no lock', async () => {
    const [source, target] = [await testRepository(), await testRepository()]
    await threePoints(source)
    const stop = new AbortController()
    const run = { signal: stop.signal, onProgress: () => stop.abort() }
    await expect(copyAll(source, target, run)).rejects.toMatchObject({ code: 'interrupted' })
    for (const { storage } of [source, target]) expect(await storage.list('locks')).toEqual([])
  })
})
