import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { FileType, Storage } from './storage.ts'

const types: FileType[] = ['data', 'index', 'keys', 'locks', 'snapshots']
const sizes = [0, 1, 31, 4096, 1_000_003, 17 * 1024 * 1024]
const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Saves bytes under the name that they have in a vault, and returns it. */
async function keep(storage: Storage, type: FileType, bytes: Uint8Array): Promise<string> {
  await storage.save(type, nameOf(bytes), bytes)
  return nameOf(bytes)
}

/** Every storage passes this; writing a new one starts by calling it. `open` gives an empty place each time. */
export function describeStorage(kind: string, open: () => Promise<Storage>): void {
  const openPrepared = async (): Promise<Storage> => {
    const storage = await open()
    await storage.prepare()
    return storage
  }

  describe(`${kind} storage`, () => {
    it('holds nothing before anything was saved, prepared or not', async () => {
      const storage = await open()
      for (const prepared of [false, true]) {
        if (prepared) await storage.prepare()
        for (const type of [...types, 'config' as const]) expect(await storage.list(type)).toEqual([])
        expect(await storage.size('config', '')).toBeUndefined()
      }
    })

    it('can be prepared twice and keeps what it has', async () => {
      const storage = await openPrepared()
      const name = await keep(storage, 'data', Buffer.from('kept'))
      await storage.prepare()
      expect(await storage.load('data', name)).toEqual(Buffer.from('kept'))
    })

    it.each(types)('gives back what was saved in %s, of any size, byte for byte', async type => {
      const storage = await openPrepared()
      for (const size of sizes) {
        const bytes = randomBytes(size)
        const name = await keep(storage, type, bytes)
        expect((await storage.load(type, name)).equals(bytes)).toBe(true)
        expect(await storage.size(type, name)).toBe(size)
      }
    })

    it('lists every file once with its size, and only those of the type', async () => {
      const storage = await openPrepared()
      const files = Array.from({ length: 40 }, (_, i) => randomBytes(i + 1))
      await Promise.all(files.map(bytes => keep(storage, 'data', bytes)))
      await keep(storage, 'index', randomBytes(5))
      const listed = (await storage.list('data')).toSorted((a, b) => a.size - b.size)
      expect(listed).toEqual(files.map(bytes => ({ name: nameOf(bytes), size: bytes.length })))
    })

    it('reads exactly the part that was asked for', async () => {
      const storage = await openPrepared()
      const bytes = randomBytes(100_000)
      const name = await keep(storage, 'data', bytes)
      for (const [offset, length] of [
        [0, 1],
        [99_999, 1],
        [1234, 70_000],
        [0, 100_000],
        [100_000, 0],
      ] as const)
        expect(
          (await storage.loadPart('data', name, offset, length)).equals(bytes.subarray(offset, offset + length)),
        ).toBe(true)
    })

    it('rejects a part that reaches beyond the end', async () => {
      const storage = await openPrepared()
      const name = await keep(storage, 'data', randomBytes(100))
      for (const [offset, length] of [
        [0, 101],
        [99, 2],
        [100, 1],
        [5000, 1],
      ] as const)
        await expect(storage.loadPart('data', name, offset, length)).rejects.toMatchObject({ code: 'vault-damaged' })
    })

    it('says that a file is missing', async () => {
      const storage = await openPrepared()
      const name = nameOf(Buffer.from('never saved'))
      for (const type of types) {
        expect(await storage.size(type, name)).toBeUndefined()
        await expect(storage.load(type, name)).rejects.toMatchObject({ code: 'file-missing' })
        await expect(storage.loadPart(type, name, 0, 1)).rejects.toMatchObject({ code: 'file-missing' })
      }
    })

    it('saves the same file twice, also at the same time, and has it once', async () => {
      const storage = await openPrepared()
      const bytes = randomBytes(300_000)
      await keep(storage, 'data', bytes)
      await Promise.all([keep(storage, 'data', bytes), keep(storage, 'data', bytes), keep(storage, 'data', bytes)])
      expect(await storage.list('data')).toEqual([{ name: nameOf(bytes), size: 300_000 }])
      expect((await storage.load('data', nameOf(bytes))).equals(bytes)).toBe(true)
    })

    it('replaces the config', async () => {
      const storage = await openPrepared()
      await storage.save('config', '', Buffer.from('old and long'))
      await storage.save('config', '', Buffer.from('new'))
      expect(await storage.load('config', '')).toEqual(Buffer.from('new'))
      expect(await storage.list('config')).toEqual([{ name: '', size: 3 }])
    })

    it('does not change a file when the bytes that were saved or loaded are changed afterwards', async () => {
      const storage = await openPrepared()
      const bytes = Buffer.from('unchanging')
      const name = await keep(storage, 'index', bytes)
      bytes.fill(0)
      ;(await storage.load('index', name)).fill(1)
      ;(await storage.loadPart('index', name, 0, 4)).fill(2)
      expect((await storage.load('index', name)).toString()).toBe('unchanging')
    })

    it('removes a file, and does not mind when it is gone already', async () => {
      const storage = await openPrepared()
      const name = await keep(storage, 'locks', randomBytes(10))
      await storage.remove('locks', name)
      await storage.remove('locks', name)
      expect(await storage.list('locks')).toEqual([])
      expect(await storage.size('locks', name)).toBeUndefined()
    })

    it('refuses names that are not those of a vault', async () => {
      const storage = await openPrepared()
      for (const name of ['', '../config', 'A'.repeat(64), 'ab12'])
        await expect(storage.save('data', name, Buffer.from('x'))).rejects.toMatchObject({ code: 'bad-input' })
    })
  })
}

/** How a full place behaves: `open` gives one with less than 4 MiB free, and room for some small files. */
export function describeFullStorage(kind: string, open: () => Promise<Storage>): void {
  it(`${kind} storage, when full, says so, keeps what it has and nothing of what did not fit`, async () => {
    const storage = await open()
    await storage.prepare()
    const name = await keep(storage, 'data', Buffer.from('kept'))
    const big = randomBytes(4 * 1024 * 1024)
    await expect(keep(storage, 'data', big)).rejects.toMatchObject({ code: 'storage-full' })
    expect(await storage.list('data')).toEqual([{ name, size: 4 }])
    expect(await storage.load('data', name)).toEqual(Buffer.from('kept'))
    await expect(storage.load('data', nameOf(big))).rejects.toMatchObject({ code: 'file-missing' })
    const after = await keep(storage, 'data', Buffer.from('still works'))
    expect(await storage.load('data', after)).toEqual(Buffer.from('still works'))
  })
}
