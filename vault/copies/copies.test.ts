import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openVault, type Vault } from '../index.ts'
import { describeStorage } from '../storage/conformance.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { FaultyStorage } from '../storage/testing/faulty.ts'
import { storePoint, testDetails, testPassword, testRepository } from '../testing/test-repository.ts'
import { CopyFolder } from './copy-folder.ts'
import { CopyingStorage } from './copying-storage.ts'

const made: string[] = []
async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aidatavault-copies-'))
  made.push(folder)
  return folder
}
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true })
})

describeStorage('copied', async () => new CopyingStorage(new MemoryStorage(), new CopyFolder(await emptyFolder())))

/** A vault with a point, and what it was asked for. */
async function farVault(cacheFolder?: string) {
  const memory = new MemoryStorage()
  const repository = await testRepository(memory)
  const files = {
    'manifest.json': [Buffer.from('{"a":"manifest of the point"}')],
    deep: { er: { file: [randomBytes(200_000)] } },
  }
  const point = await storePoint(repository, files)
  const folder = cacheFolder ?? (await emptyFolder())
  const asked: string[] = []
  const storage = new FaultyStorage(memory, (operation, type) => void asked.push(`${operation} ${type}`))
  const open = () => openVault(storage, { password: testPassword, cacheFolder: folder })
  return { memory, repository, point, files, folder, asked, open, copies: path.join(folder, repository.config.id) }
}

/** What listing the points of a vault and looking into them needs. */
async function look(vault: Vault): Promise<string[]> {
  const seen: string[] = []
  for (const snapshot of await vault.listSnapshots()) {
    seen.push(snapshot.id)
    for await (const piece of vault.readFile(snapshot, 'manifest.json')) seen.push(Buffer.from(piece).toString())
    seen.push(...(await vault.listFolder(snapshot, 'deep/er')).map(({ name }) => name.toString()))
  }
  return seen
}

async function lookOnce(open: () => Promise<Vault>): Promise<string[]> {
  const vault = await open()
  const seen = await look(vault)
  await vault.close()
  return seen
}

const filesBelow = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))

describe('a vault far away, of which copies are kept', () => {
  it('is looked into a second time without loading anything but its key and config', async () => {
    const { open, asked } = await farVault()
    const seen = await lookOnce(open)
    expect(asked.filter(what => /load/.test(what))).toEqual(
      expect.arrayContaining(['load snapshots', 'load index', 'loadPart data']),
    )
    asked.length = 0
    expect(await lookOnce(open)).toEqual(seen)
    expect(asked.toSorted()).toEqual(['list keys', 'list snapshots', 'load config', 'load keys'])
  })

  it('finds what a backup has just stored, and loads nothing of it', async () => {
    const { open, asked } = await farVault()
    const vault = await open()
    await vault.withUploader({}, async uploader => {
      await uploader.saveStream('manifest.json', toStream('new'))
      await uploader.publish({ ...testDetails, time: new Date() })
    })
    asked.length = 0
    expect(await vault.listSnapshots()).toHaveLength(2)
    expect(asked.filter(what => what === 'load snapshots')).toHaveLength(1) // the older one
    await vault.close()
  })

  it('gives nothing that is not in the vault any more', async () => {
    const { open, memory, point, copies } = await farVault()
    await lookOnce(open)
    await memory.remove('snapshots', point.snapshot)
    await memory.remove('index', point.index)
    const vault = await open()
    expect(await vault.listSnapshots()).toEqual([])
    expect(await readdir(path.join(copies, 'snapshots'))).toEqual([])
    await vault.close()
  })

  it('is read itself where a copy is damaged, cut off or another file; then the copy is good again', async () => {
    const { open, copies, asked } = await farVault()
    const seen = await lookOnce(open)
    const files = await filesBelow(copies)
    const damages = [
      (file: string) => truncate(file, 10),
      (file: string) => writeFile(file, randomBytes(500)),
      async (file: string) => writeFile(file, await readFile(files.find(other => other !== file)!)),
    ]
    for (const damage of damages) {
      for (const file of files) await damage(file)
      expect(await lookOnce(open)).toEqual(seen)
      asked.length = 0
      expect(await lookOnce(open)).toEqual(seen)
      expect(asked).not.toContain('loadPart data')
    }
  })

  it('is read itself by check, and by what brings contents back', async () => {
    const { open, memory, point, asked, folder } = await farVault()
    await lookOnce(open)
    const index = await memory.load('index', point.index)
    index[40]! ^= 1
    await memory.save('index', point.index, index)
    const vault = await open()
    expect((await vault.check({ readData: true }, {})).problems).toContainEqual(
      expect.objectContaining({ severity: 'damage', kind: 'index-damaged' }),
    )
    asked.length = 0
    const [snapshot] = await vault.listSnapshots()
    await vault.restoreFolder(snapshot!, '', path.join(folder, 'restored'), {}, {})
    expect(asked).toContain('loadPart data')
    await vault.close()
  })

  it('keeps its secrets: what lies here is sealed, for its owner alone, and marked as not worth a backup', async () => {
    const { open, copies } = await farVault()
    await lookOnce(open)
    for (const file of await filesBelow(copies)) {
      if (path.basename(file) === 'CACHEDIR.TAG') continue
      expect((await readFile(file)).includes('manifest')).toBe(false)
      expect((await stat(file)).mode & 0o077).toBe(0)
    }
    expect(await readFile(path.join(copies, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55/,
    )
  })

  it('works where nothing can be kept', async () => {
    const file = path.join(await emptyFolder(), 'file')
    await writeFile(file, 'no folder')
    for (const place of [file, '/dev/null/place']) {
      const { open } = await farVault(place)
      expect(await lookOnce(open)).toHaveLength(3)
    }
  })

  it('can be looked into by many at once', async () => {
    const { open } = await farVault()
    const all = await Promise.all(Array.from({ length: 8 }, () => lookOnce(open)))
    expect(new Set(all.map(String)).size).toBe(1)
  })
})

describe('a folder of copies', () => {
  it('drops what was used least lately, and what a killed program has left, to stay small', async () => {
    const folder = await emptyFolder()
    const copies = new CopyFolder(folder)
    for (const [i, name] of ['old', 'used', 'young'].entries()) {
      await copies.keep(`blobs/00/${name}`, Buffer.alloc(1000))
      await utimes(path.join(folder, 'blobs/00', name), 1_000_000 + i, 1_000_000 + i)
    }
    for (const [name, time] of [
      ['left-tmp-1', 1_000_000],
      ['under-way-tmp-2', Date.now() / 1000],
    ] as const) {
      await writeFile(path.join(folder, 'blobs/00', name), '')
      await utimes(path.join(folder, 'blobs/00', name), time, time)
    }
    await copies.use('blobs/00/used')
    await copies.bound('blobs', 2000)
    expect((await readdir(path.join(folder, 'blobs/00'))).toSorted()).toEqual(['under-way-tmp-2', 'used', 'young'])
  })
})

async function* toStream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
