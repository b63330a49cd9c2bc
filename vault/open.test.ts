import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createRepository } from './create.ts'
import { newVaultKey } from './crypto/keys.ts'
import type { Scrypt } from './crypto/scrypt.ts'
import { seal } from './crypto/seal.ts'
import { VaultError } from './errors.ts'
import { idOf } from './format/id.ts'
import { findKeys, listKeys, openKeys, saveKey, type OpenedKey } from './keyring.ts'
import { openRepository } from './open.ts'
import { listSnapshots } from './snapshots.ts'
import { LocalStorage } from './storage/local.ts'
import { MemoryStorage } from './storage/memory.ts'
import type { FileType, Storage, StoredFile } from './storage/storage.ts'
import { FaultyStorage } from './storage/testing/faulty.ts'
import { cheapScrypt, testPassword, testRepository } from './testing/test-repository.ts'

const first = { password: testPassword, username: 'user', hostname: 'host', scrypt: cheapScrypt }
const nameOfKey = async (storage: Storage): Promise<string> => (await storage.list('keys'))[0]!.name

/** Lists keys in the order of their names, or the other way round: which one is tried first must not matter. */
class OrderedStorage extends MemoryStorage {
  descending = false
  override async list(type: FileType): Promise<readonly StoredFile[]> {
    const files = (await super.list(type)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return this.descending ? files.reverse() : files
  }
}

describe('creating and opening a vault', () => {
  it('opens with the password it was made with, and no other', async () => {
    const storage = new MemoryStorage()
    const created = await createRepository(storage, first)
    const { repository, keyId } = await openRepository(storage, testPassword)
    expect(repository.config).toEqual(created.repository.config)
    expect(repository.config.version).toBe(2)
    expect(keyId).toBe(await nameOfKey(storage))
    for (const wrong of ['', 'Geheim', 'geheim '])
      await expect(openRepository(storage, wrong)).rejects.toMatchObject({ code: 'wrong-password' })
  })

  it('opens with every password that was added', async () => {
    const { repository } = await createRepository(new MemoryStorage(), first)
    const added = await saveKey(repository.storage, repository.key, { ...first, password: 'zweites', username: 'code' })
    expect((await openRepository(repository.storage, 'zweites')).keyId).toBe(added)
    expect((await openRepository(repository.storage, testPassword)).keyId).not.toBe(added)
    expect((await listKeys(repository.storage)).map(({ username }) => username).toSorted()).toEqual(['code', 'user'])
  })

  it.each([false, true])(
    'tries last the keys of a user who hardly has this password (names descending: %s)',
    async descending => {
      const storage = new OrderedStorage()
      storage.descending = descending
      const { repository, keyId } = await createRepository(storage, first)
      const code = await saveKey(storage, repository.key, { ...first, username: 'recovery code' })
      expect((await openRepository(storage, testPassword, 'recovery code')).keyId).toBe(keyId)
      expect((await openRepository(storage, testPassword, 'user')).keyId).toBe(code)
      await storage.remove('keys', keyId)
      expect((await openRepository(storage, testPassword, 'recovery code')).keyId).toBe(code)
    },
  )

  it('opens with a key as costly as restic makes it, and would if our own scrypt were wrong', async () => {
    const storage = new MemoryStorage()
    const key = newVaultKey()
    const id = await saveKey(storage, key, { ...first, scrypt: { N: 32_768, r: 8, p: 2 } })
    const keys = await findKeys(storage)
    const openedBy = async (password: string, quickScrypt?: Scrypt) => {
      const opened: OpenedKey[] = []
      for await (const key of openKeys(keys, password, quickScrypt)) opened.push(key)
      return opened
    }
    expect(await openedBy(testPassword)).toEqual([{ id, key }])
    const wrongScrypt = () => Promise.resolve(Buffer.alloc(64, 1))
    expect(await openedBy(testPassword, wrongScrypt)).toEqual([{ id, key }])
    expect(await openedBy('wrong')).toEqual([])
  })

  it('refuses an empty password for a new key', async () => {
    const storage = new MemoryStorage()
    await expect(createRepository(storage, { ...first, password: '' })).rejects.toMatchObject({ code: 'bad-input' })
    expect(await storage.list('keys')).toEqual([])
  })

  it('reads a vault that is known to restic', async () => {
    const golden = new LocalStorage(fileURLToPath(new URL('../test/fixtures/golden', import.meta.url)))
    const { repository } = await openRepository(golden, 'geheim')
    expect(repository.config.polynomial).toBe(0x3da3358b4dc173n)
    expect((await listSnapshots(repository)).map(({ paths }) => paths)).toEqual([['/src']])
  })

  it('says that there is no vault', async () => {
    await expect(openRepository(new MemoryStorage(), 'x')).rejects.toMatchObject({ code: 'vault-missing' })
  })

  it('makes no vault where one is, or where parts of one are', async () => {
    const storage = new MemoryStorage()
    await createRepository(storage, first)
    await expect(createRepository(storage, first)).rejects.toMatchObject({ code: 'vault-exists' })
    await storage.remove('config', '')
    await expect(createRepository(storage, first)).rejects.toMatchObject({ code: 'vault-exists' })
    await storage.remove('keys', await nameOfKey(storage))
    await createRepository(storage, first)
  })

  it('leaves nothing behind when the config cannot be stored, so that it can be tried again', async () => {
    const storage = new MemoryStorage()
    const full = new FaultyStorage(storage, (operation, type) => {
      if (operation === 'save' && type === 'config') throw new VaultError('storage-full', 'full')
    })
    await expect(createRepository(full, first)).rejects.toMatchObject({ code: 'storage-full' })
    expect(await storage.list('keys')).toEqual([])
    await createRepository(storage, first)
  })

  it('never lets two make a vault in one place at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const storage = new MemoryStorage()
      const results = await Promise.allSettled([1, 2, 3].map(() => createRepository(storage, first)))
      const made = results.filter(({ status }) => status === 'fulfilled')
      expect(made.length).toBeLessThanOrEqual(1)
      expect(await storage.list('keys')).toHaveLength(made.length)
    }
  })
})

describe('a vault with damage', () => {
  const badKeys: [string, (good: Buffer) => Buffer][] = [
    ['is empty', () => Buffer.alloc(0)],
    ['is no JSON', () => Buffer.from('not a key')],
    ['is cut off', good => good.subarray(0, 100)],
    ['has another way of derivation', good => Buffer.from(good.toString().replace('scrypt', 'argon2'))],
    ['has a short salt', good => Buffer.from(good.toString().replace(/"salt":"[^"]*"/, '"salt":"AAAA"'))],
    ['has no data', good => Buffer.from(good.toString().replace(/"data":"[^"]*"/, '"data":""'))],
    ['asks for all memory there is', good => Buffer.from(good.toString().replace('"N":16', '"N":1073741824'))],
    ['has an impossible time', good => Buffer.from(good.toString().replace(/"created":"[^"]*"/, '"created":"soon"'))],
  ]

  it.each(badKeys)('opens when another key file %s', async (_, spoil) => {
    const storage = new OrderedStorage()
    await createRepository(storage, first)
    const bad = spoil(await storage.load('keys', await nameOfKey(storage)))
    for (const name of [idOf(bad), '0'.repeat(64), 'f'.repeat(64)]) {
      await storage.save('keys', name, bad)
      for (storage.descending of [false, true])
        expect((await openRepository(storage, testPassword)).repository.config.version).toBe(2)
      await expect(openRepository(storage, 'wrong')).rejects.toMatchObject({
        code: 'wrong-password',
        message: expect.stringContaining('key files are damaged') as string,
      })
      await storage.remove('keys', name)
    }
  })

  it('opens when what is damaged in the only key file does not matter', async () => {
    const storage = new MemoryStorage()
    await createRepository(storage, first)
    const name = await nameOfKey(storage)
    const bytes = await storage.load('keys', name)
    await storage.save('keys', name, Buffer.from(bytes.toString().replace('"user"', '"uses"')))
    expect((await openRepository(storage, testPassword)).keyId).toBe(name)
  })

  it('opens when a key file of another vault opens with the same password', async () => {
    for (let round = 0; round < 8; round++) {
      const storage = new MemoryStorage()
      await createRepository(storage, first)
      await saveKey(storage, newVaultKey(), first)
      expect((await openRepository(storage, testPassword)).repository.config.version).toBe(2)
    }
  })

  it.each([
    ['the config is missing', (storage: Storage) => storage.remove('config', '')],
    ['all keys are gone', async (storage: Storage) => storage.remove('keys', await nameOfKey(storage))],
    [
      'the only key is no key',
      async (storage: Storage) => storage.save('keys', await nameOfKey(storage), Buffer.from('x')),
    ],
    ['the config is cut off', (storage: Storage) => storage.save('config', '', Buffer.alloc(20))],
    [
      'a bit of the config is flipped',
      async (storage: Storage) => {
        const config = await storage.load('config', '')
        config[30]! ^= 1
        await storage.save('config', '', config)
      },
    ],
  ])('says that it is damaged when %s', async (_, spoil) => {
    const storage = new MemoryStorage()
    await createRepository(storage, first)
    await spoil(storage)
    await expect(openRepository(storage, testPassword)).rejects.toMatchObject({ code: 'vault-damaged' })
  })

  it('says that a version of the format is not known', async () => {
    const { storage, key } = await testRepository()
    await storage.save('config', '', seal(key, Buffer.from('{"version":3,"id":"","chunker_polynomial":""}')))
    await expect(openRepository(storage, testPassword)).rejects.toMatchObject({ code: 'vault-unsupported' })
  })
})
