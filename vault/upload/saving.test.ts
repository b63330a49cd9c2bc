import { createHash, hash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { chunkLengths } from '../chunker/reference.ts'
import { compareFolder } from '../compare.ts'
import { listFolderIndependently } from '../files/testing/folder-listing.ts'
import { makeOddFolder } from '../files/testing/odd-folder.ts'
import { seal } from '../crypto/seal.ts'
import { encodeConfig } from '../format/config.ts'
import { idOf } from '../format/id.ts'
import { loadIndex } from '../load-index.ts'
import { findNode, listFolder, readFile } from '../read.ts'
import { Repository } from '../repository.ts'
import { restoreFolder } from '../restore.ts'
import { LocalStorage } from '../storage/local.ts'
import { MemoryStorage } from '../storage/memory.ts'
import { collectBytes } from '../testing/collect.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { Snapshot } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { inPieces, publish, upload } from './testing/upload.ts'

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upload-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const MiB = 1024 * 1024
const problems = async (repository: Repository) => (await checkRepository(repository, { readData: true }, {})).problems
const contentOf = (repository: Repository, snapshot: Snapshot, at: string) =>
  collectBytes(readFile(new VaultReader(repository), snapshot, at))
const nodeOf = (repository: Repository, snapshot: Snapshot, at: string) =>
  findNode(new VaultReader(repository), snapshot, at)

describe.each([
  ['in memory', () => new MemoryStorage()],
  ['on disk', () => new LocalStorage(path.join(folder, 'vault'))],
])('a vault %s', (_, storage) => {
  it('gives a folder back as it was, in every name, byte and attribute', async () => {
    const source = path.join(folder, 'source')
    fs.mkdirSync(source)
    makeOddFolder(source)
    const repository = await testRepository(storage())
    const snapshot = await publish(repository, uploader => uploader.saveFolder('a/b', source))
    const node = (await nodeOf(repository, snapshot, 'a/b'))!
    const saved = { tree: node.subtree!, metadata: node }
    const reader = new VaultReader(repository)
    await restoreFolder(reader, saved, path.join(folder, 'target'), {}, {})
    expect(listFolderIndependently(path.join(folder, 'target'))).toEqual(listFolderIndependently(source))
    expect(await compareFolder(reader, saved, source, {}, {})).toEqual([])
    expect(await problems(repository)).toEqual([])
  })

  it('gives streams of any length back, with the hash of the whole', async () => {
    const repository = await testRepository(storage())
    const streams = [0, 1, 1000, MiB - 1, MiB, MiB + 1, 3 * MiB, 20 * MiB + 7].map(size => randomBytes(size))
    const saved: unknown[] = []
    const snapshot = await publish(repository, uploader =>
      Promise.all(
        streams.map(async (bytes, i) => (saved[i] = await uploader.saveStream(`streams/${i}`, inPieces(bytes)))),
      ),
    )
    expect(saved).toEqual(
      streams.map(bytes => ({
        head: new Uint8Array(bytes.subarray(0, 16)),
        bytes: bytes.length,
        sha256: hash('sha256', bytes),
      })),
    )
    for (const [i, bytes] of streams.entries())
      expect(bytes.equals(await contentOf(repository, snapshot, `streams/${i}`))).toBe(true)
    expect(await problems(repository)).toEqual([])
  })
})

describe('a file that an earlier point has', () => {
  const bytes = randomBytes(3 * MiB)
  const first = (repository: Repository) =>
    publish(repository, async uploader => {
      await uploader.saveStream('a/file', inPieces(bytes))
      await uploader.saveFolder('a/folder', folder)
    })
  const again = (repository: Repository, snapshot: Snapshot, at: string, length: number) => {
    let done: unknown
    return publish(repository, async uploader => {
      done = await uploader.saveEarlier(at, snapshot, length)
      // The path is free where it was not saved.
      if (!done) await uploader.saveStream(at, inPieces(bytes))
      else await expect(uploader.saveStream(at, inPieces(bytes))).rejects.toMatchObject({ code: 'bad-input' })
    }).then(point => ({ done, point }))
  }

  it('stands in the next one as it is there, unread and with all its blobs', async () => {
    const repository = await testRepository()
    const before = await first(repository)
    const { done, point } = await again(repository, before, 'a/file', bytes.length)
    expect(done).toBe(true)
    expect(await nodeOf(repository, point, 'a/file')).toEqual(await nodeOf(repository, before, 'a/file'))
    expect(bytes.equals(await contentOf(repository, point, 'a/file'))).toBe(true)
    expect(point.summary).toMatchObject({ filesUnmodified: 1, filesNew: 0, totalBytesProcessed: bytes.length })
    expect(await problems(repository)).toEqual([])
  })

  it('is to be saved anew where it is not there, is no file, or is of another length', async () => {
    const repository = await testRepository()
    const before = await first(repository)
    for (const [at, length] of [
      ['a/other', bytes.length],
      ['a/folder', 0],
      ['a/file', bytes.length - 1],
      ['a/file/below', bytes.length],
    ] as const) {
      const { done, point } = await again(repository, before, at, length)
      expect([at, done]).toEqual([at, false])
      expect(bytes.equals(await contentOf(repository, point, at))).toBe(true)
    }
  })

  it('is to be saved anew where a pack of it is gone or cut short', async () => {
    for (const cut of [() => undefined, (pack: Buffer) => pack.subarray(0, -1)]) {
      const repository = await testRepository()
      const before = await first(repository)
      for (const { name } of await repository.storage.list('data')) {
        const pack = await repository.storage.load('data', name)
        if (pack.length < MiB) continue
        await repository.storage.remove('data', name)
        const rest = cut(pack)
        if (rest) await repository.storage.save('data', name, rest)
      }
      const { done, point } = await again(repository, before, 'a/file', bytes.length)
      expect(done).toBe(false)
      expect(bytes.equals(await contentOf(repository, point, 'a/file'))).toBe(true)
    }
  })
})

describe('contents in a vault', () => {
  it('are cut where the format says, and stored once, in whatever way they come', async () => {
    const repository = await testRepository()
    // The middle is text, the ends are noise: large enough that several workers share the file.
    const bytes = Buffer.concat([
      randomBytes(9 * MiB),
      Buffer.alloc(9 * MiB, 'all work and no play '),
      randomBytes(MiB),
    ])
    const file = path.join(folder, 'files', 'file')
    fs.mkdirSync(path.dirname(file))
    fs.writeFileSync(file, bytes)
    const snapshot = await publish(repository, uploader =>
      Promise.all([
        uploader.saveFolder('folder', path.dirname(file)),
        uploader.saveFile('file', file),
        uploader.saveStream('stream', inPieces(bytes, 3 * MiB)),
        uploader.saveStream('pieces', inPieces(bytes, 100_001)),
      ]),
    )
    let at = 0
    const chunks = chunkLengths(bytes, repository.config.polynomial).map(length => bytes.subarray(at, (at += length)))
    for (const name of ['folder/file', 'file', 'stream', 'pieces'])
      expect((await nodeOf(repository, snapshot, name))!.content).toEqual(chunks.map(idOf))
    expect(snapshot.summary).toMatchObject({
      dataBlobs: new Set(chunks.map(idOf)).size,
      totalBytesProcessed: 4 * bytes.length,
    })
    expect((await loadIndex(repository)).count).toBe(new Set(chunks.map(idOf)).size + 2)
  })

  it('are not stored again by a later upload', async () => {
    const repository = await testRepository()
    const bytes = randomBytes(3 * MiB)
    const save = () => publish(repository, uploader => uploader.saveStream('a/stream', inPieces(bytes)))
    const run = { now: () => 1_700_000_000_000 }
    await publish(repository, uploader => uploader.saveStream('a/stream', inPieces(bytes)), { run })
    const packs = await repository.storage.list('data')
    await publish(repository, uploader => uploader.saveStream('a/stream', inPieces(bytes)), { run })
    expect(await repository.storage.list('data')).toEqual(packs)
    expect(await repository.storage.list('index')).toHaveLength(1)
    expect((await save()).summary).toMatchObject({ dataBlobs: 0, treeBlobs: 2 })
  })

  it('are stored again where their pack was lost or cut short, so that the new point is whole', async () => {
    const repository = await testRepository()
    const { storage } = repository
    const bytes = randomBytes(12 * MiB)
    const save = () =>
      publish(repository, uploader => uploader.saveStream('stream', inPieces(bytes)), { settings: { packBytes: MiB } })
    await save()
    const [first, second] = (await storage.list('data')).filter(({ size }) => size > MiB)
    await storage.remove('data', first!.name)
    await storage.save('data', second!.name, (await storage.load('data', second!.name)).subarray(0, 1000))
    const snapshot = await save()
    expect(bytes.equals(await contentOf(repository, snapshot, 'stream'))).toBe(true)
  })

  it('fill packs of the size that was asked for, with the rests of all workers in one', async () => {
    const repository = await testRepository()
    const bytes = Array.from({ length: 40 }, () => randomBytes(600_000))
    await publish(
      repository,
      uploader => Promise.all(bytes.map((one, i) => uploader.saveStream(String(i), inPieces(one)))),
      { settings: { packBytes: 4 * MiB } },
    )
    const sizes = (await repository.storage.list('data')).map(({ size }) => size).toSorted((a, b) => b - a)
    expect(sizes.filter(size => size >= 4 * MiB).length).toBeGreaterThanOrEqual(4)
    // One pack of trees, and one of what was left of contents.
    expect(sizes.filter(size => size < 4 * MiB).length).toBeLessThanOrEqual(2)
    expect(await problems(repository)).toEqual([])
  })

  it('are kept in the old version of the format too, which knows no compression', async () => {
    const { storage, key, config } = await testRepository()
    const old = { ...config, version: 1 as const }
    await storage.save('config', '', seal(key, encodeConfig(old)))
    const repository = new Repository(storage, key, old)
    const bytes = Buffer.alloc(3 * MiB, 'all work and no play ')
    const snapshot = await publish(repository, uploader => uploader.saveStream('a/b', inPieces(bytes)))
    expect(bytes.equals(await contentOf(repository, snapshot, 'a/b'))).toBe(true)
    const index = await loadIndex(repository)
    for (let i = 0; i < index.count; i++) expect(index.location(i).uncompressedLength).toBe(0)
    expect(await problems(repository)).toEqual([])
  })

  it('come through a folder whose list is longer than the largest blob of a file', async () => {
    const repository = await testRepository()
    const top = path.join(folder, 'many')
    fs.mkdirSync(top)
    for (let i = 0; i < 35_000; i++) fs.writeFileSync(path.join(top, `${'n'.repeat(40)}${i}`), '')
    const snapshot = await publish(repository, uploader => uploader.saveFolder('many', top))
    expect(snapshot.summary!.dataAdded).toBeGreaterThan(8 * MiB)
    expect(await listFolder(new VaultReader(repository), snapshot, 'many')).toHaveLength(35_000)
    expect(await problems(repository)).toEqual([])
  })
})

describe('a new point', () => {
  const hello = () => inPieces(Buffer.from('hello'))

  it('has the folders above what was saved, for its owner alone', async () => {
    const repository = await testRepository()
    const run = { now: () => 1_700_000_000_123 }
    const snapshot = await publish(repository, uploader => uploader.saveStream('a/b/c', hello(), 0o640), { run })
    const time = 1_700_000_000_123_000_000n
    expect(await nodeOf(repository, snapshot, 'a/b')).toMatchObject({ type: 'dir', mode: 0o700, mtime: time })
    expect(await nodeOf(repository, snapshot, 'a/b/c')).toMatchObject({
      type: 'file',
      mode: 0o640,
      mtime: time,
      size: 5n,
    })
  })

  it('may be nothing but one folder', async () => {
    const repository = await testRepository()
    fs.writeFileSync(path.join(folder, 'x'), 'x')
    const snapshot = await publish(repository, uploader => uploader.saveFolder('', folder))
    expect((await listFolder(new VaultReader(repository), snapshot, '')).map(({ name }) => String(name))).toEqual(['x'])
  })

  it('keeps a file with its metadata, also through a link to it', async () => {
    const repository = await testRepository()
    const file = path.join(folder, 'file')
    fs.writeFileSync(file, 'content', { mode: 0o604 })
    fs.symlinkSync('file', path.join(folder, 'link'))
    let saved: unknown
    const snapshot = await publish(repository, async uploader => {
      saved = await uploader.saveFile('kept', path.join(folder, 'link'))
    })
    const sha256 = createHash('sha256').update('content').digest('hex')
    expect(saved).toEqual({ bytes: 7, sha256, head: new Uint8Array(Buffer.from('content')) })
    const { ino } = fs.statSync(file, { bigint: true })
    expect(await nodeOf(repository, snapshot, 'kept')).toMatchObject({ type: 'file', mode: 0o604, inode: ino })
    expect((await contentOf(repository, snapshot, 'kept')).toString()).toBe('content')
  })

  it('takes each path once, and none that is no path', async () => {
    const repository = await testRepository()
    await publish(repository, async uploader => {
      await uploader.saveStream('a/b', hello())
      for (const taken of ['a/b', 'a', '', 'a/b/c'])
        await expect(uploader.saveFolder(taken, folder)).rejects.toMatchObject({ code: 'bad-input' })
      for (const wrong of ['/a', 'a//b', 'a/', '.', '../a', 'a/..', 'a\0b', ''])
        await expect(uploader.saveStream(wrong, hello())).rejects.toMatchObject({ code: 'bad-input' })
    }).catch(() => {})
    await upload(repository, async uploader => {
      await Promise.all([uploader.saveStream('x', hello()), uploader.saveFolder('y', folder)])
      await expect(uploader.saveFolder('x', folder)).rejects.toThrow("something is saved already at 'x'")
    })
  })

  it('is published once, when all is saved, and with something in it', async () => {
    const repository = await testRepository()
    const { someDetails } = await import('./testing/upload.ts')
    await upload(repository, async uploader => {
      await expect(uploader.publish(someDetails)).rejects.toThrow('nothing was saved')
      const saving = uploader.saveStream('x', hello())
      await expect(uploader.publish(someDetails)).rejects.toThrow('still being saved')
      await saving
      await uploader.publish(someDetails)
      await expect(uploader.publish(someDetails)).rejects.toThrow('published already')
      await expect(uploader.saveStream('y', hello())).rejects.toThrow('published already')
    })
    expect(await repository.storage.list('snapshots')).toHaveLength(1)
  })

  it('says how much there was to do, and tells it on the way', async () => {
    const repository = await testRepository()
    const source = path.join(folder, 'source')
    fs.mkdirSync(path.join(source, 'inside'), { recursive: true })
    fs.writeFileSync(path.join(source, 'inside', 'large'), randomBytes(17 * MiB))
    fs.writeFileSync(path.join(source, 'small'), 'small')
    const done = { files: 0, bytes: 0 }
    const onProgress = ({ files, bytes }: typeof done) => void ((done.files += files), (done.bytes += bytes))
    const snapshot = await publish(
      repository,
      async uploader => {
        const counts = { files: 2, folders: 1, others: 0, bytes: 17 * MiB + 5, skipped: [] }
        expect(await uploader.saveFolder('source', source)).toEqual(counts)
        await uploader.saveStream('stream', hello())
      },
      { run: { onProgress } },
    )
    expect(done).toEqual({ files: 3, bytes: 17 * MiB + 10 })
    const added = snapshot.summary!
    expect(added).toMatchObject({ filesNew: 3, filesChanged: 0, filesUnmodified: 0, totalFilesProcessed: 3 })
    const packs = await repository.storage.list('data')
    const stored = packs.reduce((sum, { size }) => sum + size - 36, 0)
    expect(added.dataAddedPacked).toBe(stored)
  })
})
