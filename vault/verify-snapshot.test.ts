import { describe, expect, it } from 'vitest'
import { idOf } from './format/id.ts'
import type { Repository } from './repository.ts'
import { findSnapshot } from './snapshots.ts'
import { storeIndex, storePack, storePoint, testRepository } from './testing/test-repository.ts'
import type { SnapshotReading } from './types.ts'
import { verifySnapshot } from './verify-snapshot.ts'

const note = Buffer.from('note')
const more = Buffer.from('more')
const folder = { a: [note], sub: { b: [note, more], empty: [] } }

const read = async (repository: Repository, id: string): Promise<SnapshotReading> =>
  verifySnapshot(repository, await findSnapshot(repository, id), {})

async function alter(repository: Repository, pack: string, ...places: number[]): Promise<void> {
  const bytes = Buffer.from(await repository.storage.load('data', pack))
  for (const at of places) bytes[at]! ^= 1
  await repository.storage.remove('data', pack)
  await repository.storage.save('data', pack, bytes)
}

describe('reading all that one point needs', () => {
  it('reads each blob once, and says how much that was', async () => {
    const repository = await testRepository()
    const { snapshot } = await storePoint(repository, folder)
    const result = await read(repository, snapshot)
    expect(result).toMatchObject({ blobs: 4, problems: [], further: 0 })
    expect(result.bytes).toBeGreaterThan(note.length + more.length)
  })

  it('names every file of the point that a damaged blob is part of, and the point alone', async () => {
    const repository = await testRepository()
    const { snapshot, dataPack } = await storePoint(repository, folder)
    const other = await storePoint(repository, { c: [Buffer.from('third')] })
    const copies = dataPack.blobs.filter(({ id }) => id === idOf(note))
    await alter(repository, dataPack.id, ...copies.map(({ offset }) => offset + 20))
    const { problems } = await read(repository, snapshot)
    expect(problems.map(({ path }) => path).toSorted()).toEqual(['a', 'sub/b'])
    expect(problems[0]!.message).toContain(idOf(note))
    expect((await read(repository, other.snapshot)).problems).toEqual([])
  })

  it('is content with another copy of a damaged blob', async () => {
    const repository = await testRepository()
    const { snapshot, dataPack } = await storePoint(repository, folder)
    await storeIndex(repository, [await storePack(repository, [{ type: 'data', plain: note }])])
    await alter(repository, dataPack.id, 20)
    expect((await read(repository, snapshot)).problems).toEqual([])
  })

  it('finds a damaged folder list, a missing pack and a blob that the index lacks', async () => {
    const repository = await testRepository()
    const { snapshot, treePack, dataPack } = await storePoint(repository, folder)
    await repository.storage.remove('data', dataPack.id)
    expect((await read(repository, snapshot)).problems.map(({ path }) => path).toSorted()).toEqual(['a', 'sub/b'])
    await alter(repository, treePack.id, 20)
    expect((await read(repository, snapshot)).problems.map(({ path }) => path)).toContain('sub')
    for (const { name } of await repository.storage.list('index')) await repository.storage.remove('index', name)
    expect((await read(repository, snapshot)).problems).toMatchObject([{ path: 'the top folder' }])
  })

  it('can be interrupted', async () => {
    const repository = await testRepository()
    const { snapshot } = await storePoint(repository, folder)
    const stop = new AbortController()
    const run = { signal: stop.signal, onProgress: () => stop.abort() }
    await expect(verifySnapshot(repository, await findSnapshot(repository, snapshot), run)).rejects.toMatchObject({
      code: 'interrupted',
    })
  })
})
