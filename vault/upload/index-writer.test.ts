import { describe, expect, it } from 'vitest'
import { loadIndexFile } from '../load-index.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { Repository } from '../repository.ts'
import { BlobListBuilder } from './blob-list.ts'
import { IndexWriter, type StoredPack } from './index-writer.ts'

let number = 0
const anId = (): Buffer => {
  const id = Buffer.alloc(32, 1)
  id.writeUInt32LE(number++)
  return id
}

function aPack(count: number): StoredPack {
  const blobs = new BlobListBuilder()
  for (let i = 0; i < count; i++) blobs.add(anId(), 100 + (i % 7), i % 3 ? 200 : 0)
  return { id: anId().toString('hex'), type: 'data', blobs: blobs.take() }
}

async function indexFiles(repository: Repository): Promise<{ id: string; blobs: number }[][]> {
  const files = await repository.storage.list('index')
  const indexes = await Promise.all(files.map(({ name }) => loadIndexFile(repository, name)))
  return indexes.map(({ packs }) => packs.map(({ id, blobs }) => ({ id, blobs: blobs.length })))
}

describe('the index of what was uploaded', () => {
  it('lists each pack whole in one file, and no more than 50,000 blobs in a file', async () => {
    const repository = await testRepository()
    const index = new IndexWriter(
      repository,
      () => 0,
      async () => {},
    )
    const packs = [20_000, 20_000, 10_000, 1, 49_999, 50_000, 3].map(aPack)
    for (const pack of packs) await index.add(pack)
    await index.finish()
    const files = await indexFiles(repository)
    expect(
      files
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(packs.map(({ id }) => id).toSorted())
    expect(files.map(file => file.reduce((sum, { blobs }) => sum + blobs, 0)).toSorted()).toEqual([
      3, 50_000, 50_000, 50_000,
    ])
  })

  it('is written on the way when an upload takes hours', async () => {
    const repository = await testRepository()
    let now = 0
    const index = new IndexWriter(
      repository,
      () => now,
      async () => {},
    )
    await index.add(aPack(2))
    now = 9 * 60_000
    await index.add(aPack(2))
    expect(await indexFiles(repository)).toEqual([])
    now = 10 * 60_000
    await index.add(aPack(2))
    expect((await indexFiles(repository)).flat()).toHaveLength(3)
  })

  it('writes no file about nothing', async () => {
    const repository = await testRepository()
    await new IndexWriter(
      repository,
      () => 0,
      async () => {},
    ).finish()
    expect(await indexFiles(repository)).toEqual([])
  })
})
