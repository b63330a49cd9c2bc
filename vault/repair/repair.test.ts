import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { lockTiming } from '../locks/timing.ts'
import { entries, readFile } from '../read.ts'
import { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import { FaultyStorage } from '../storage/testing/faulty.ts'
import { MemoryStorage } from '../storage/memory.ts'
import type { FileType } from '../storage/storage.ts'
import { collectBytes } from '../testing/collect.ts'
import { storeIndex, storePoint, testRepository } from '../testing/test-repository.ts'
import type { Problem, RepairOptions, RepairPlan, Snapshot } from '../types.ts'
import { publish } from '../upload/testing/upload.ts'
import { VaultReader } from '../vault-reader.ts'
import { repairRepository } from './repair.ts'

const timing = { ...lockTiming, settleMs: 0 }
const settings = { keyId: '', timing, packBytes: 20_000 }
const everything: RepairOptions = { steps: ['index', 'packs', 'points'], readData: true }

const repair = (repository: Repository, options = everything, agree = (_plan: RepairPlan) => Promise.resolve(true)) =>
  repairRepository(repository, options, agree, {}, settings)

async function damageOf(repository: Repository): Promise<readonly Problem[]> {
  const { problems } = await checkRepository(repository, { readData: true, timing }, {})
  return problems.filter(({ severity }) => severity === 'damage')
}

async function flip({ storage }: Repository, type: FileType, name: string, at: number): Promise<void> {
  const bytes = await storage.load(type, name)
  bytes[at]! ^= 1
  await storage.save(type, name, bytes)
}

const contents = {
  'manifest.json': [Buffer.from('{"state":"complete"}')],
  'a.bin': [randomBytes(3000), randomBytes(4000)],
  folder: { 'b.txt': [Buffer.from('b'.repeat(500))], 'c.txt': [Buffer.from('c'.repeat(600))] },
}
const names = ['a.bin', 'folder', 'folder/b.txt', 'folder/c.txt', 'manifest.json']

async function onePoint() {
  const repository = await testRepository()
  const point = await storePoint(repository, contents, { tags: ['mine'] })
  const other = await storePoint(repository, { 'other.txt': [Buffer.from('other')] }, { hostname: 'other' })
  return { repository, point, other }
}

async function pathsIn(repository: Repository, snapshot: Snapshot): Promise<string[]> {
  const paths: string[] = []
  for await (const { path, bytes } of entries(new VaultReader(repository), snapshot, '')) {
    if (bytes) await collectBytes(bytes)
    if (path.length > 0) paths.push(Buffer.from(path).toString())
  }
  return paths.toSorted()
}

describe('a repair', () => {
  it('of a sound vault changes nothing, and asks nobody', async () => {
    const { repository } = await onePoint()
    const { done, plan } = await repair(repository, everything, () => Promise.reject(new Error('asked')))
    expect(done).toBe(false)
    expect(plan).toEqual({ index: undefined, packs: [], points: [], unreadablePoints: [], keys: [] })
  })

  it('that nobody agrees to changes nothing', async () => {
    const { repository, point } = await onePoint()
    await repository.storage.remove('index', point.index)
    const before = await repository.storage.list('index')
    expect((await repair(repository, everything, () => Promise.resolve(false))).done).toBe(false)
    expect(await repository.storage.list('index')).toEqual(before)
  })

  it.each(['removed', 'unreadable', 'lying', 'halved'])(
    'brings back an index that is %s, with nothing lost',
    async how => {
      const { repository, point } = await onePoint()
      if (how === 'unreadable') await flip(repository, 'index', point.index, 40)
      else await repository.storage.remove('index', point.index)
      const [first, second, ...rest] = point.dataPack.blobs
      if (how === 'halved') await storeIndex(repository, [{ id: point.dataPack.id, blobs: [first!] }, point.treePack])
      if (how === 'lying')
        await storeIndex(repository, [
          { id: point.dataPack.id, blobs: [{ ...first!, id: second!.id }, { ...second!, id: first!.id }, ...rest] },
          point.treePack,
        ])
      const { plan } = await repair(repository)
      expect([plan.index === undefined, plan.packs, plan.points]).toEqual([false, [], []])
      expect(await damageOf(repository)).toEqual([])
      for (const snapshot of await listSnapshots(repository)) await pathsIn(repository, snapshot)
    },
  )

  it('saves what is good in a damaged pack, and says of a point what it has lost', async () => {
    const { repository, point } = await onePoint()
    // The second half of a.bin.
    await flip(repository, 'data', point.dataPack.id, point.dataPack.blobs[2]!.offset + 50)
    const told: unknown[] = []
    const describe = {
      file: 'manifest.json',
      rewrite: (bytes: Uint8Array, lost: readonly { path: string }[]) => {
        told.push(Buffer.from(bytes).toString(), lost)
        return Buffer.from('{"state":"incomplete"}')
      },
    }
    const { plan, points } = await repair(repository, { ...everything, describe })
    expect(plan.packs).toMatchObject([{ blobs: 4, lost: 1 }])
    expect(told).toEqual(['{"state":"complete"}', [{ path: 'a.bin', what: 'file' }]])
    expect(await damageOf(repository)).toEqual([])
    const mended = (await listSnapshots(repository)).find(({ hostname }) => hostname === 'host')!
    expect(points).toEqual([{ from: point.snapshot, to: mended.id }])
    expect(mended).toMatchObject({ original: point.snapshot, tags: ['mine', 'repaired'] })
    expect(await pathsIn(repository, mended)).toEqual(['a.bin.damaged', ...names.slice(1)])
    const reader = new VaultReader(repository)
    expect(await collectBytes(readFile(reader, mended, 'a.bin.damaged'))).toEqual(contents['a.bin'][0])
    expect((await collectBytes(readFile(reader, mended, 'manifest.json'))).toString()).toBe('{"state":"incomplete"}')
    // Nothing is left to do.
    expect((await repair(repository)).done).toBe(false)
  })

  it.each(['missing', 'emptied', 'truncated', 'overwritten'])('leaves a clean vault where a pack is %s', async how => {
    for (const kind of ['dataPack', 'treePack'] as const) {
      const { repository, point } = await onePoint()
      const { storage } = repository
      const { id } = point[kind]
      const bytes = await storage.load('data', id)
      if (how === 'missing') await storage.remove('data', id)
      if (how === 'emptied') await storage.save('data', id, Buffer.alloc(0))
      if (how === 'truncated') await storage.save('data', id, bytes.subarray(0, bytes.length / 2))
      if (how === 'overwritten') await storage.save('data', id, randomBytes(bytes.length))
      await repair(repository)
      expect(await damageOf(repository), kind).toEqual([])
      const [other] = (await listSnapshots(repository)).filter(({ hostname }) => hostname === 'other')
      expect(other?.id, kind).toBe(point && (await listSnapshots(repository)).find(({ original }) => !original)?.id)
      for (const snapshot of await listSnapshots(repository)) await pathsIn(repository, snapshot)
    }
  })

  it('removes files of points and of keys that nobody can read', async () => {
    const { repository, point } = await onePoint()
    await flip(repository, 'snapshots', point.snapshot, 40)
    await repository.storage.save('keys', 'a'.repeat(64), Buffer.from('{}'))
    const { plan } = await repair(repository)
    expect([plan.unreadablePoints, plan.keys]).toEqual([[point.snapshot], ['a'.repeat(64)]])
    expect(await damageOf(repository)).toEqual([])
  })

  it('of the index and the packs leaves points as they are, and a new upload of the same brings back what they lack', async () => {
    const repository = await testRepository()
    const bytes = randomBytes(30_000)
    const save = () =>
      publish(repository, uploader =>
        uploader.saveStream(
          'stream',
          (async function* () {
            yield bytes
          })(),
        ),
      )
    const snapshot = await save()
    const packs = await repository.storage.list('data')
    const largest = packs.toSorted((a, b) => b.size - a.size)[0]!
    await flip(repository, 'data', largest.name, 100)
    await repair(repository, { ...everything, steps: ['index', 'packs'] })
    expect((await listSnapshots(repository)).map(({ id }) => id)).toEqual([snapshot.id])
    expect((await damageOf(repository)).map(({ kind }) => kind)).toEqual(['blob-missing'])
    await save()
    expect(await damageOf(repository)).toEqual([])
    expect(await collectBytes(readFile(new VaultReader(repository), snapshot, 'stream'))).toEqual(bytes)
  })

  it('finds a folder list that is damaged also without reading everything', async () => {
    const { repository, point } = await onePoint()
    await flip(repository, 'data', point.treePack.id, point.treePack.blobs[0]!.offset + 20)
    const { plan } = await repair(repository, { ...everything, readData: false })
    expect([plan.packs.length, plan.points.length]).toEqual([1, 1])
    expect(plan.points[0]!.lost).toEqual([{ path: 'folder', what: 'folder' }])
    expect(await damageOf(repository)).toEqual([])
  })

  it('keeps a lost file apart from one that has the name already', async () => {
    const repository = await testRepository()
    const [whole, lost] = [randomBytes(100), randomBytes(200)]
    const point = await storePoint(repository, { a: [whole, lost], 'a.damaged': [whole] })
    await flip(repository, 'data', point.dataPack.id, point.dataPack.blobs[1]!.offset + 20)
    await repair(repository)
    const [mended] = await listSnapshots(repository)
    expect(await pathsIn(repository, mended!)).toEqual(['a.damaged'])
    expect(await collectBytes(readFile(new VaultReader(repository), mended!, 'a.damaged'))).toEqual(whole)
  })

  it('that breaks off at any write is completed by the next, and nothing good is lost on the way', async () => {
    const whole = await onePoint()
    await flip(whole.repository, 'data', whole.point.dataPack.id, whole.point.dataPack.blobs[2]!.offset + 50)
    await whole.repository.storage.remove('index', whole.other.index)
    for (let at = 1, done = false; !done; at++) {
      const memory = new MemoryStorage()
      for (const type of ['config', 'keys', 'index', 'data', 'snapshots'] as const)
        for (const { name } of await whole.repository.storage.list(type))
          await memory.save(type, name, await whole.repository.storage.load(type, name))
      let calls = 0
      const storage = new FaultyStorage(memory, (operation, type) => {
        if (type !== 'locks' && ['save', 'remove'].includes(operation) && ++calls >= at) throw new Error('broke off')
      })
      const { key, config } = whole.repository
      done = await repair(new Repository(storage, key, config)).then(
        () => true,
        () => false,
      )
      const repository = new Repository(memory, key, config)
      await repair(repository)
      expect(await damageOf(repository)).toEqual([])
      const snapshots = await listSnapshots(repository)
      expect(snapshots).toHaveLength(2)
      const mended = snapshots.find(({ original }) => original)!
      expect(await pathsIn(repository, mended)).toEqual(['a.bin.damaged', ...names.slice(1)])
      if (done) expect(at).toBeGreaterThan(6)
    }
  })
})
