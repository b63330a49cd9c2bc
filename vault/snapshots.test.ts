import { describe, expect, it } from 'vitest'
import type { Repository } from './repository.ts'
import { findSnapshot, listSnapshots } from './snapshots.ts'
import { storeSnapshot, testRepository } from './testing/test-repository.ts'

const tree = 'ab'.repeat(32)
const store = (repository: Repository, day: number, hostname = 'host'): Promise<string> =>
  storeSnapshot(repository, tree, { time: new Date(Date.UTC(2026, 0, day)), hostname })

describe('snapshots', () => {
  it('are listed oldest first', async () => {
    const repository = await testRepository()
    const ids = [await store(repository, 3), await store(repository, 1), await store(repository, 2)]
    expect((await listSnapshots(repository)).map(({ id }) => id)).toEqual([ids[1], ids[2], ids[0]])
  })

  it('are found by id, by unique beginning, and as the latest that fits', async () => {
    const repository = await testRepository()
    const [a, b] = [await store(repository, 1, 'a'), await store(repository, 2, 'b')]
    expect((await findSnapshot(repository, a)).hostname).toBe('a')
    expect((await findSnapshot(repository, b.slice(0, 12).toUpperCase())).id).toBe(b)
    expect((await findSnapshot(repository, 'latest')).id).toBe(b)
    expect((await findSnapshot(repository, 'latest', ({ hostname }) => hostname === 'a')).id).toBe(a)
  })

  it('are not found when there is none, or none that fits', async () => {
    const repository = await testRepository()
    await expect(findSnapshot(repository, 'latest')).rejects.toMatchObject({ code: 'point-unknown' })
    const id = await store(repository, 1)
    const other = (id.startsWith('0') ? '1' : '0') + id.slice(1)
    for (const name of [other, '', 'xyz', `${id}0`, '../config', 'newest'])
      await expect(findSnapshot(repository, name)).rejects.toMatchObject({ code: 'point-unknown' })
    await expect(findSnapshot(repository, id, () => false)).rejects.toMatchObject({ code: 'point-unknown' })
  })

  it('are named when a beginning fits several', async () => {
    const repository = await testRepository()
    const ids = new Map<string, string>()
    for (let day = 1; ; day++) {
      const id = await store(repository, day)
      const twin = ids.get(id[0]!)
      ids.set(id[0]!, id)
      if (!twin) continue
      const message = expect.stringContaining(twin.slice(0, 5)) as string
      await expect(findSnapshot(repository, id[0]!)).rejects.toMatchObject({ code: 'point-ambiguous', message })
      return
    }
  })

  it('reject when one is damaged, naming the file, unless somebody wants to be told', async () => {
    const repository = await testRepository()
    const [good, bad] = [await store(repository, 1), await store(repository, 2)]
    await repository.storage.save('snapshots', bad, Buffer.from('no snapshot'))
    const message = expect.stringContaining(`snapshots/${bad}`) as string
    await expect(listSnapshots(repository)).rejects.toMatchObject({ code: 'vault-damaged', message })
    const told: string[] = []
    const listed = await listSnapshots(repository, id => told.push(id))
    expect([listed.map(({ id }) => id), told]).toEqual([[good], [bad]])
  })

  it('are found by name although another is damaged', async () => {
    const repository = await testRepository()
    const [good, bad] = [await store(repository, 1), await store(repository, 2)]
    await repository.storage.save('snapshots', bad, Buffer.from('no snapshot'))
    expect((await findSnapshot(repository, good)).id).toBe(good)
    await expect(findSnapshot(repository, bad)).rejects.toMatchObject({ code: 'vault-damaged' })
  })

  it('give the latest of those that can be read, and tell of the others', async () => {
    const repository = await testRepository()
    const [old, good, bad] = [await store(repository, 1), await store(repository, 2), await store(repository, 3)]
    for (const id of [old, bad]) await repository.storage.save('snapshots', id, Buffer.from('no snapshot'))
    const told: string[] = []
    const latest = await findSnapshot(repository, 'latest', undefined, id => told.push(id))
    expect([latest.id, told.toSorted()]).toEqual([good, [old, bad].toSorted()])
    const none = findSnapshot(repository, 'latest', () => false)
    await expect(none).rejects.toMatchObject({ code: 'vault-damaged' })
  })
})
