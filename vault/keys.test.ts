import { describe, expect, it } from 'vitest'
import { addKey, removeKey, replaceKeys } from './keys.ts'
import { lockTiming } from './locks/timing.ts'
import { openRepository } from './open.ts'
import { Repository } from './repository.ts'
import { FaultyStorage } from './storage/testing/faulty.ts'
import { cheapScrypt, testPassword, testRepository } from './testing/test-repository.ts'

const timing = { ...lockTiming, settleMs: 0 }
const wanted = (password: string) => ({ password, username: 'ann', scrypt: cheapScrypt })

const opensWith = ({ storage }: Repository, password: string): Promise<boolean> =>
  openRepository(storage, password).then(
    () => true,
    () => false,
  )

describe('a key', () => {
  it('is opened before it counts, and is gone again where the storage did not keep it', async () => {
    const repository = await testRepository()
    await addKey(repository, wanted('second'))
    expect(await opensWith(repository, 'second')).toBe(true)
    const storage = new FaultyStorage(repository.storage, async (operation, type) => {
      if (operation !== 'list' || type !== 'keys') return
      for (const { name } of await repository.storage.list('keys')) {
        const bytes = await repository.storage.load('keys', name)
        if (bytes.includes('"bad"')) await repository.storage.save('keys', name, Buffer.alloc(10))
      }
    })
    const faulty = new Repository(storage, repository.key, repository.config)
    await expect(addKey(faulty, { ...wanted('third'), username: 'bad' })).rejects.toMatchObject({
      code: 'storage-failed',
    })
    expect(await repository.storage.list('keys')).toHaveLength(2)
  })

  it('that is in use is not removed, and no other where that one is gone', async () => {
    const repository = await testRepository()
    const { keyId } = await openRepository(repository.storage, testPassword)
    const other = await addKey(repository, wanted('second'))
    expect(() => removeKey(repository, keyId, { inUse: keyId, timing }, {})).toThrow('opened with')
    await repository.storage.remove('keys', keyId)
    await expect(removeKey(repository, other, { inUse: keyId, timing }, {})).rejects.toMatchObject({
      code: 'vault-damaged',
    })
    expect(await opensWith(repository, 'second')).toBe(true)
  })

  it('is replaced so that the old password or the new one opens the vault, wherever that breaks off', async () => {
    for (let at = 1, done = false; !done; at++) {
      const repository = await testRepository()
      const { keyId } = await openRepository(repository.storage, testPassword)
      let calls = 0
      const storage = new FaultyStorage(repository.storage, operation => {
        if (['save', 'remove'].includes(operation) && ++calls >= at) throw new Error('broke off')
      })
      const cut = new Repository(storage, repository.key, repository.config)
      const added = () => Promise.resolve()
      done = await replaceKeys(cut, [keyId], wanted('new'), { added, timing }, {}).then(
        () => true,
        () => false,
      )
      const opened = [await opensWith(repository, testPassword), await opensWith(repository, 'new')]
      expect(opened).toContain(true)
      if (done) expect(opened).toEqual([false, true])
      if (done) expect(at).toBeGreaterThan(3)
    }
  })

  it('goes only when the new one was handed over', async () => {
    const repository = await testRepository()
    const { keyId } = await openRepository(repository.storage, testPassword)
    const added = () => Promise.reject(new Error('nobody has read the new code'))
    await expect(replaceKeys(repository, [keyId], wanted('new'), { added, timing }, {})).rejects.toThrow('nobody')
    expect(await opensWith(repository, testPassword)).toBe(true)
  })
})
