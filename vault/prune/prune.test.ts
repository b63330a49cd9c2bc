import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { idOf } from '../format/id.ts'
import { lockTiming } from '../locks/timing.ts'
import { loadIndex } from '../load-index.ts'
import { entries } from '../read.ts'
import { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import { FaultyStorage } from '../storage/testing/faulty.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { collectBytes } from '../testing/collect.ts'
import {
  folderBlobs,
  storeIndex,
  storePack,
  storeSnapshot,
  testRepository,
  type TestBlob,
  type TestFolder,
} from '../testing/test-repository.ts'
import type { PruneOptions, Snapshot } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { planPrune, prune } from './prune.ts'
import { removeSnapshots } from './remove-snapshots.ts'

/** Nobody else is there in these tests; packs are as small as their points. */
const settings = { packBytes: 4000, timing: { ...lockTiming, settleMs: 0 } }
const pruned = (repository: Repository, options: PruneOptions = {}) => prune(repository, options, {}, settings)
const everything: PruneOptions = { maxUnused: { bytes: 0 } }

/** Everything that a point says and holds, as one text. */
async function contentOf(repository: Repository, snapshot: Snapshot): Promise<string> {
  const lines: string[] = []
  for await (const { path, metadata, size, bytes } of entries(new VaultReader(repository), snapshot, ''))
    lines.push(
      `${Buffer.from(path).toString()} ${metadata.type} ${size} ${bytes ? idOf(await collectBytes(bytes)) : ''}`,
    )
  return lines.join('\n')
}

/** By snapshot. */
async function contents(repository: Repository): Promise<Record<string, string>> {
  const all: Record<string, string> = {}
  for (const snapshot of await listSnapshots(repository)) all[snapshot.id] = await contentOf(repository, snapshot)
  return all
}

/** Nothing to say against the vault, not even that it is untidy. Every byte that points need was read by `contents`. */
async function expectClean(repository: Repository): Promise<void> {
  const { problems } = await checkRepository(repository, { readData: false, timing: settings.timing }, {})
  expect(problems).toEqual([])
}

const blob = (seed: number): Buffer => Buffer.from(`blob ${seed} `.repeat(1 + (seed % 37)))
const anyFile = fc.array(fc.integer({ min: 0, max: 40 }).map(blob), { maxLength: 4 })
const anyFolder: fc.Arbitrary<TestFolder> = fc.letrec<{ folder: TestFolder }>(tie => ({
  folder: fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.oneof({ maxDepth: 3, withCrossShrink: true }, anyFile, tie('folder')),
    { maxKeys: 4 },
  ),
})).folder

/** How points came to be stored: in how many packs, and what of it is untidy. */
const anyStorage = fc.record({
  folders: fc.array(anyFolder, { minLength: 1, maxLength: 6 }),
  perPack: fc.integer({ min: 1, max: 12 }),
  /** Points whose blobs are stored again though they are there: as two backups do that run side by side. */
  again: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  mixed: fc.boolean(),
  orphan: fc.boolean(),
  forget: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
})
type AnyStorage = typeof anyStorage extends fc.Arbitrary<infer T> ? T : never

async function store({ folders, perPack, again, mixed, orphan }: AnyStorage) {
  const repository = await testRepository()
  const seen = new Set<string>()
  const snapshots: string[] = []
  for (const [i, folder] of folders.entries()) {
    const { blobs, tree } = folderBlobs(folder)
    const own = new Map(blobs.map(one => [keyOf(one), one]))
    const stored = [...own.values()].filter(one => again[i] || !seen.has(keyOf(one)))
    for (const key of own.keys()) seen.add(key)
    const groups = mixed ? [stored] : (['data', 'tree'] as const).map(type => stored.filter(one => one.type === type))
    const packs = []
    for (const group of groups)
      for (let at = 0; at < group.length; at += perPack)
        packs.push(await storePack(repository, group.slice(at, at + perPack)))
    await storeIndex(repository, packs)
    const time = new Date(1_700_000_000_000 + i * 1000)
    snapshots.push(await storeSnapshot(repository, tree, { time }))
  }
  if (orphan) await storePack(repository, [{ type: 'data', plain: Buffer.from('of a run that was killed') }])
  return { repository, snapshots }
}

const keyOf = ({ type, plain }: TestBlob) => `${type} ${idOf(plain)}`

async function packBytes(repository: Repository): Promise<number> {
  return (await repository.storage.list('data')).reduce((sum, { size }) => sum + size, 0)
}

describe('pruning', () => {
  it('keeps all that remaining points need, and nothing else, however they were stored', async () => {
    await fc.assert(
      fc.asyncProperty(anyStorage, async stored => {
        const { repository, snapshots } = await store(stored)
        const before = await contents(repository)
        const ids = snapshots.filter((_, i) => stored.forget[i])
        const bytesBefore = await packBytes(repository)
        const plan = await planPrune(repository, { ...everything, forget: { ids } }, {}, settings)
        const done = await pruned(repository, { ...everything, forget: { ids } })
        expect(done).toEqual(plan)
        for (const id of ids) delete before[id]
        expect(await contents(repository)).toEqual(before)
        await expectClean(repository)
        expect(await planPrune(repository, everything, {}, settings).catch(() => undefined)).toMatchObject({
          ...(Object.keys(before).length > 0
            ? { unusedBytes: 0, orphanPacks: 0, points: Object.keys(before).length }
            : {}),
        })
        // Where a pack of both kinds becomes two there is one header more.
        if (!stored.mixed) expect(await packBytes(repository)).toBeLessThanOrEqual(bytesBefore)
      }),
      { numRuns: 30 },
    )
  })

  it('leaves less unused than is tolerated, and repacks no more than is allowed', async () => {
    const anyLimits = fc.record({
      percent: fc.integer({ min: 0, max: 100 }),
      maxRepackBytes: fc.constantFrom(Infinity, 0, 2000),
    })
    await fc.assert(
      fc.asyncProperty(anyStorage, anyLimits, async (stored, { percent, maxRepackBytes }) => {
        const { repository, snapshots } = await store({ ...stored, mixed: false })
        const ids = snapshots.slice(1).filter((_, i) => stored.forget[i])
        const plan = await pruned(repository, { maxUnused: { percent }, maxRepackBytes, forget: { ids } })
        const left = await planPrune(repository, { maxUnused: 'unlimited' }, {}, settings)
        expect(left.unusedBytes).toBe(plan.unusedBytesLeft)
        expect(plan.repackedBytes).toBeLessThanOrEqual(maxRepackBytes)
        if (maxRepackBytes === Infinity)
          expect(left.unusedBytes).toBeLessThanOrEqual((percent / 100) * (left.usedBytes + left.unusedBytes) + 0.001)
        await contents(repository)
        await expectClean(repository)
      }),
      { numRuns: 15 },
    )
  })

  it('frees what it said it would, to the byte of blobs', async () => {
    const { repository, snapshots } = await twoPoints()
    const before = await packBytes(repository)
    const { freedBytes, repackedPacks } = await pruned(repository, { ...everything, forget: { ids: [snapshots[0]!] } })
    expect(repackedPacks).toBeGreaterThan(0)
    // Headers of packs that became one are a little less.
    expect(before - (await packBytes(repository))).toBeGreaterThanOrEqual(freedBytes)
    expect(before - (await packBytes(repository))).toBeLessThan(freedBytes + 400)
  })

  it('changes nothing where nothing is to be done', async () => {
    const { repository } = await twoPoints()
    const before = await filesOf(repository)
    await pruned(repository)
    expect(await filesOf(repository)).toEqual(before)
  })
})

/** Two points that share a blob; each has packs of its own, of which the shared one keeps both alive. */
async function twoPoints() {
  return store({
    folders: [
      { a: [blob(30), blob(31), blob(1)], sub: { x: [blob(2)] } },
      { b: [blob(30), blob(33)], other: { y: [blob(3)] } },
    ],
    ...{ perPack: 10, again: [], mixed: false, orphan: false, forget: [] },
  })
}

const filesOf = async ({ storage }: Repository) =>
  (await Promise.all((['data', 'index', 'snapshots'] as const).map(type => storage.list(type))))
    .flat()
    .map(({ name }) => name)
    .toSorted()

describe('what is damaged', () => {
  const refused = async (repository: Repository, snapshots: readonly string[]) => {
    const before = await filesOf(repository)
    const options = { ...everything, forget: { ids: [snapshots[0]!] } }
    await expect(planPrune(repository, options, {}, settings)).rejects.toMatchObject({ code: 'vault-damaged' })
    await expect(pruned(repository, options)).rejects.toMatchObject({ code: 'vault-damaged' })
    expect(await filesOf(repository)).toEqual(before)
  }
  const packsOf = async (repository: Repository, type: 'data' | 'tree', point: number) => {
    const index = await loadIndex(repository)
    const first = index.packIds.findIndex((_, pack) => pack === point * 2 + (type === 'tree' ? 1 : 0))
    return index.packIds[first]!
  }
  const flip = async ({ storage }: Repository, type: 'data' | 'index' | 'snapshots', name: string) => {
    const bytes = await storage.load(type, name)
    bytes[20]! ^= 1
    await storage.save(type, name, bytes)
  }

  it.each(['missing', 'truncated', 'flipped'])('is left alone where a list of folders is %s', async how => {
    const { repository, snapshots } = await twoPoints()
    const pack = await packsOf(repository, 'tree', 1)
    if (how === 'missing') await repository.storage.remove('data', pack)
    if (how === 'truncated')
      await repository.storage.save('data', pack, (await repository.storage.load('data', pack)).subarray(0, 30))
    if (how === 'flipped') await flip(repository, 'data', pack)
    await refused(repository, snapshots)
  })

  it.each(['missing', 'truncated'])('is left alone where a pack that is needed is %s', async how => {
    const { repository, snapshots } = await twoPoints()
    const pack = await packsOf(repository, 'data', 1)
    const bytes = await repository.storage.load('data', pack)
    if (how === 'missing') await repository.storage.remove('data', pack)
    else await repository.storage.save('data', pack, bytes.subarray(0, bytes.length - 1))
    await refused(repository, snapshots)
  })

  it('is left alone where an index file or a snapshot cannot be read', async () => {
    for (const type of ['index', 'snapshots'] as const) {
      const { repository, snapshots } = await twoPoints()
      const names = (await repository.storage.list(type)).map(({ name }) => name)
      await flip(
        repository,
        type,
        names.find(name => name !== snapshots[0])!,
      )
      await refused(repository, snapshots)
    }
  })

  it('keeps its pack, with all in it, where only its content is: the blob that cannot be brought over is named', async () => {
    const { repository, snapshots } = await twoPoints()
    const pack = await packsOf(repository, 'data', 0)
    await flip(repository, 'data', pack)
    const options = { ...everything, forget: { ids: [snapshots[0]!] } }
    await expect(pruned(repository, options)).rejects.toMatchObject({
      code: 'vault-damaged',
      message: expect.stringContaining(pack) as string,
    })
    expect(await repository.storage.size('data', pack)).toBeDefined()
  })

  it('is no copy to rely on: of two, the good one does not go for the bad one', async () => {
    const repository = await testRepository()
    const { blobs, tree } = folderBlobs({ f: [blob(5)], g: [blob(6)] })
    const data = blobs.filter(({ type }) => type === 'data')
    const good = await storePack(repository, data.slice(0, 1))
    const bad = await storePack(repository, data)
    await storeIndex(repository, [
      good,
      bad,
      await storePack(
        repository,
        blobs.filter(({ type }) => type === 'tree'),
      ),
    ])
    await storeSnapshot(repository, tree)
    await flip(repository, 'data', bad.id)
    await expect(pruned(repository)).rejects.toMatchObject({ code: 'vault-damaged' })
    expect(await repository.storage.size('data', good.id)).toBeDefined()
  })

  it('is a missing or truncated pack of which there is a good copy no reason to stop', async () => {
    const repository = await testRepository()
    const { blobs, tree } = folderBlobs({ f: [blob(5)] })
    const lost = await storePack(repository, blobs.slice(0, 1))
    const short = await storePack(repository, [...blobs.slice(0, 1), { type: 'data', plain: Buffer.from('more') }])
    const good = await storePack(repository, blobs.slice(0, 1))
    await storeIndex(repository, [lost, short, good, await storePack(repository, blobs.slice(1))])
    await storeSnapshot(repository, tree)
    await repository.storage.remove('data', lost.id)
    await repository.storage.save('data', short.id, (await repository.storage.load('data', short.id)).subarray(5))
    const before = await contents(repository)
    await pruned(repository)
    expect(await contents(repository)).toEqual(before)
    await expectClean(repository)
  })

  it('may be the folder of the points: where there is not one, nothing is removed', async () => {
    const { repository } = await twoPoints()
    for (const { name } of await repository.storage.list('snapshots'))
      await repository.storage.remove('snapshots', name)
    await expect(pruned(repository)).rejects.toMatchObject({ code: 'vault-damaged' })
  })
})

describe('an index', () => {
  it('of a pack that two files list in halves becomes one again', async () => {
    const repository = await testRepository()
    const { blobs, tree } = folderBlobs({ f: [blob(5), blob(6), blob(7)] })
    const data = await storePack(
      repository,
      blobs.filter(({ type }) => type === 'data'),
    )
    const trees = await storePack(
      repository,
      blobs.filter(({ type }) => type === 'tree'),
    )
    await storeIndex(repository, [{ ...data, blobs: data.blobs.slice(0, 1) }, trees])
    await storeIndex(repository, [{ ...data, blobs: data.blobs.slice(1) }])
    await storeIndex(repository, [await storePack(repository, [{ type: 'data', plain: Buffer.from('of no use') }])])
    await storeSnapshot(repository, tree)
    const before = await contents(repository)
    await pruned(repository)
    expect(await contents(repository)).toEqual(before)
    await expectClean(repository)
  })
})

describe('removing points', () => {
  it('leaves the others as they are, and needs nobody to prune', async () => {
    const { repository, snapshots } = await twoPoints()
    const before = await contents(repository)
    await removeSnapshots(repository, { ids: [snapshots[1]!], stays: [snapshots[0]!] }, {}, settings.timing)
    delete before[snapshots[1]!]
    expect(await contents(repository)).toEqual(before)
  })

  it('is not done where one that was to stay has gone meanwhile', async () => {
    const { repository, snapshots } = await twoPoints()
    await repository.storage.remove('snapshots', snapshots[1]!)
    const forget = { ids: [snapshots[0]!], stays: [snapshots[1]!] }
    await expect(removeSnapshots(repository, forget, {}, settings.timing)).rejects.toMatchObject({
      code: 'point-unknown',
    })
    await expect(pruned(repository, { forget })).rejects.toMatchObject({ code: 'point-unknown' })
    expect((await listSnapshots(repository)).map(({ id }) => id)).toEqual([snapshots[0]])
  })
})

describe('pruning that is interrupted', () => {
  it('leaves every point whole, before whichever write that is, and the next one ends it', async () => {
    for (let broken = 1; ; broken++) {
      const whole = new MemoryStorage()
      const first = await twoPoints()
      await copyAll(first.repository, whole)
      let calls = 0
      const storage = new FaultyStorage(whole, operation => {
        // Nothing gets through any more, as after a kill.
        if ((operation === 'save' || operation === 'remove') && ++calls >= broken) throw new Error('killed')
      })
      const repository = withStorage(first.repository, storage)
      const options = { ...everything, forget: { ids: [first.snapshots[0]!] } }
      const ended = await pruned(repository, options).then(
        () => true,
        () => false,
      )
      const after = withStorage(first.repository, whole)
      for (const { name } of await whole.list('locks')) await whole.remove('locks', name)
      const left = await contents(after)
      const all = await contents(first.repository)
      const expected = Object.keys(left).length === 2 ? all : { [first.snapshots[1]!]: all[first.snapshots[1]!] }
      expect(left).toEqual(expected)
      const { problems } = await checkRepository(after, { readData: false, timing: settings.timing }, {})
      expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
      await pruned(after, options)
      await expectClean(after)
      expect(Object.keys(await contents(after))).toEqual([first.snapshots[1]])
      if (ended) {
        expect(broken).toBeGreaterThan(8)
        break
      }
    }
  })

  it('by a signal ends at once', async () => {
    const { repository, snapshots } = await twoPoints()
    const stop = new AbortController()
    const run = { signal: stop.signal, onProgress: () => stop.abort() }
    const options = { ...everything, forget: { ids: [snapshots[0]!] } }
    const before = await filesOf(repository)
    await expect(prune(repository, options, run, settings)).rejects.toMatchObject({ code: 'interrupted' })
    expect(await filesOf(repository)).toEqual(before)
    expect(await repository.storage.list('locks')).toEqual([])
  })
})

async function copyAll({ storage }: Repository, to: MemoryStorage): Promise<void> {
  await to.save('config', '', await storage.load('config', ''))
  for (const type of ['keys', 'data', 'index', 'snapshots'] as const)
    for (const { name } of await storage.list(type)) await to.save(type, name, await storage.load(type, name))
}

const withStorage = (like: Repository, storage: Repository['storage']): Repository =>
  new Repository(storage, like.key, like.config)
