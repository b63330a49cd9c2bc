import { describe, expect, it } from 'vitest'
import { idOf } from '../format/id.ts'
import { encodeTree } from '../format/tree.ts'
import { lockTiming } from '../locks/timing.ts'
import { withLock } from '../locks.ts'
import type { Repository } from '../repository.ts'
import { storePack, storeIndex, storePoint, storeSnapshot, testRepository } from '../testing/test-repository.ts'
import type { CheckReport, Problem } from '../types.ts'
import { checkRepository } from './check.ts'

const timing = { ...lockTiming, settleMs: 0 }
const check = (repository: Repository, readData = true): Promise<CheckReport> =>
  checkRepository(repository, { readData, timing }, {})
const kinds = ({ problems }: CheckReport): string[] => problems.map(({ severity, kind }) => `${severity} ${kind}`)

const note = Buffer.from('note')
const folder = { a: [note], sub: { b: [note, Buffer.from('more')], empty: [] } }

const time = '2026-01-02T03:04:05Z'
/** A node's JSON; unlike the encoder, this lets everything through. */
const raw = (name: string, type: string, more: object = {}): object => ({
  ...{ name, type, mode: 420, mtime: time, atime: time, ctime: time, uid: 0, gid: 0 },
  ...{ content: type === 'file' ? [] : null, ...more },
})

/** A point whose only folder has these nodes, as they are given. */
async function pointOf(repository: Repository, nodes: readonly object[]): Promise<string> {
  const plain = Buffer.from(`${JSON.stringify({ nodes })}\n`)
  await storeIndex(repository, [await storePack(repository, [{ type: 'tree', plain }])])
  return storeSnapshot(repository, idOf(plain))
}

describe('check', () => {
  it('finds nothing in a good vault, and says how much it read', async () => {
    const repository = await testRepository()
    const first = await storePoint(repository, folder)
    await storePoint(repository, { ...folder, c: [Buffer.from('third')] })
    const sizes = (await repository.storage.list('data')).map(({ size }) => size)
    expect(await check(repository)).toEqual({
      problems: [],
      points: [],
      snapshots: 2,
      packs: 4,
      bytesRead: sizes.reduce((a, b) => a + b, 0),
    })
    expect(await check(repository, false)).toMatchObject({ problems: [], bytesRead: 0 })
    expect(first.snapshot).toHaveLength(64)
  })

  it('finds nothing in an empty vault', async () => {
    expect(await check(await testRepository())).toEqual({
      problems: [],
      points: [],
      snapshots: 0,
      packs: 0,
      bytesRead: 0,
    })
  })

  it('says which parts of which points are not whole, each part where it lies', async () => {
    const repository = await testRepository()
    const both = { inside: { 'same.txt': [Buffer.from('same')] } }
    const point = await storePoint(repository, { one: both, two: both, good: [Buffer.from('good')] })
    const bytes = await repository.storage.load('data', point.dataPack.id)
    // It is stored twice.
    for (const { offset } of point.dataPack.blobs.slice(0, 2)) bytes[offset + 20]! ^= 1
    await repository.storage.save('data', point.dataPack.id, bytes)
    const { points } = await check(repository)
    expect(points).toEqual([{ id: point.snapshot, time: new Date('2026-01-02T03:04:05.678Z'), parts: ['one', 'two'] }])
  })

  it('takes the exclusive lock, and leaves none', async () => {
    const repository = await testRepository()
    await withLock(repository, { exclusive: false, timing }, {}, async () => {
      await expect(check(repository)).rejects.toMatchObject({ code: 'vault-locked' })
    })
    await check(repository)
    expect(await repository.storage.list('locks')).toEqual([])
  })

  it('can be interrupted', async () => {
    const repository = await testRepository()
    await storePoint(repository, folder)
    const stop = new AbortController()
    const run = { signal: stop.signal, onProgress: () => stop.abort() }
    await expect(checkRepository(repository, { readData: true, timing }, run)).rejects.toMatchObject({
      code: 'interrupted',
    })
    expect(await repository.storage.list('locks')).toEqual([])
  })

  it('reports progress in files and bytes', async () => {
    const repository = await testRepository()
    await storePoint(repository, folder)
    const done = { files: 0, bytes: 0 }
    const onProgress = (more: typeof done): void => void ((done.files += more.files), (done.bytes += more.bytes))
    const { bytesRead } = await checkRepository(repository, { readData: true, timing }, { onProgress })
    expect(done).toEqual({ files: 2, bytes: bytesRead })
  })
})

describe('what is untidy but harmless', () => {
  it('is a hint: packs in no index, packs of both kinds, a pack in two indexes, an empty lock', async () => {
    const repository = await testRepository()
    const { dataPack } = await storePoint(repository, folder)
    const orphan = await storePack(repository, [{ type: 'data', plain: Buffer.from('orphan') }])
    const mixed = await storePack(repository, [
      { type: 'data', plain: Buffer.from('mixed') },
      { type: 'tree', plain: encodeTree([]) },
    ])
    const second = await storeIndex(repository, [mixed, dataPack])
    await repository.storage.save('locks', 'ee'.repeat(32), Buffer.alloc(0))
    const { problems } = await check(repository)
    const expected: [string, string][] = [
      ['pack-orphan', `data/${orphan.id.slice(0, 2)}/${orphan.id}`],
      ['pack-mixed', `data/${mixed.id.slice(0, 2)}/${mixed.id}`],
      ['pack-in-several-indexes', problems.find(({ kind }) => kind === 'pack-in-several-indexes')!.file],
      ['lock-unreadable', `locks/${'ee'.repeat(32)}`],
    ]
    expect(problems.map(({ kind, file }) => [kind, file]).toSorted()).toEqual(expected.toSorted())
    expect(problems.every(({ severity, snapshots }) => severity === 'hint' && snapshots.length === 0)).toBe(true)
    expect(second).toHaveLength(64)
  })

  it('is a hint: folders that are not sorted, links without inodes', async () => {
    const repository = await testRepository()
    await pointOf(repository, [raw('b', 'file', { links: 2 }), raw('a', 'file', { links: 2 })])
    expect(kinds(await check(repository))).toEqual(['hint tree-invalid', 'hint tree-invalid'])
  })

  it('is no problem at all: a blob of which one copy is left', async () => {
    const repository = await testRepository()
    const { snapshot, dataPack } = await storePoint(repository, { a: [note] })
    await storeIndex(repository, [await storePack(repository, [{ type: 'data', plain: note }])])
    await repository.storage.remove('data', dataPack.id)
    const { problems } = await check(repository)
    expect(problems).toMatchObject([{ kind: 'file-missing', snapshots: [] }])
    expect(snapshot).toHaveLength(64)
  })
})

describe('an invalid folder list', () => {
  const none = 'none that an entry of a folder can have'
  const cases: [string, object[], string][] = [
    ['two entries of one name', [raw('a', 'file'), raw('a', 'file')], 'two entries of this name'],
    ['a name with a slash', [raw('a/b', 'file')], none],
    ['the name ..', [raw('..', 'dir', { subtree: '11'.repeat(32) })], none],
    ['the name .', [raw('.', 'file')], none],
    ['an empty name', [raw('', 'file')], none],
    ['a file without a list of parts', [raw('a', 'file', { content: null })], 'file without a list of its parts'],
    ['a folder without a list', [raw('a', 'dir')], 'folder without a list of its entries'],
    ['a type that nobody knows', [raw('a', 'door')], 'of a type that nothing can restore'],
    ['a size too large', [raw('a', 'file', { size: 7 })], 'its parts are 0 bytes together, but it should have 7'],
    ['a link to nowhere', [raw('a', 'symlink')], 'a link without a target'],
  ]

  it.each(cases)('is named when it has %s', async (_, nodes, message) => {
    const repository = await testRepository()
    const snapshot = await pointOf(repository, nodes)
    const { problems } = await check(repository, false)
    const damage = problems.filter(({ severity }) => severity === 'damage')
    expect(damage.length).toBeGreaterThan(0)
    expect(damage).toContainEqual(
      expect.objectContaining({
        kind: 'tree-invalid',
        message: expect.stringContaining(message) as string,
        snapshots: [snapshot],
      }),
    )
  })

  it('is named when it is no list at all', async () => {
    const repository = await testRepository()
    const plain = Buffer.from('{"nodes":7}')
    await storeIndex(repository, [await storePack(repository, [{ type: 'tree', plain }])])
    const snapshot = await storeSnapshot(repository, idOf(plain))
    expect((await check(repository)).problems).toMatchObject([{ kind: 'tree-invalid', snapshots: [snapshot] }])
  })
})

describe('the reach of damage', () => {
  it('is exactly the snapshots that hold it, however many share it, with some of the paths', async () => {
    const repository = await testRepository()
    const bad = Buffer.from('bad')
    const deep = await storePoint(repository, { x: { y: { bad: [bad] } } })
    const flat = await storePoint(repository, { copy: [bad], good: [note] })
    await storePoint(repository, { good: [note] })
    for (const { dataPack } of [deep, flat]) await repository.storage.remove('data', dataPack.id)
    await storeIndex(repository, [await storePack(repository, [{ type: 'data', plain: note }])])
    const { problems } = await check(repository, false)
    expect(problems).toHaveLength(2)
    const both = [deep.snapshot, flat.snapshot].toSorted()
    for (const { kind, snapshots, message } of problems) {
      expect([kind, snapshots]).toEqual(['file-missing', both])
      expect(message).toMatch(/is missing, with all its blobs \(\d\); it touches .*\/x\/y\/bad/)
      expect(message).toContain('/copy')
    }
  })

  it('tells a thousand missing blobs one by one, and the rest together', async () => {
    const repository = await testRepository()
    const content = Array.from({ length: 1500 }, (_, i) => idOf(Buffer.from(`${i}`)))
    const snapshot = await pointOf(repository, [raw('a', 'file', { content })])
    const { problems } = await check(repository)
    expect(problems).toHaveLength(1001)
    for (const problem of problems)
      expect(problem).toMatchObject({ kind: 'blob-missing', snapshots: [snapshot] } satisfies Partial<Problem>)
  })
})
