import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { VaultError } from './errors.ts'
import { idOf } from './format/id.ts'
import { entries, findNode, listFolder, readFile } from './read.ts'
import { Repository } from './repository.ts'
import { loadSnapshot } from './snapshots.ts'
import { restoreFolder } from './restore.ts'
import { LocalStorage } from './storage/local.ts'
import { FaultyStorage } from './storage/testing/faulty.ts'
import {
  folderBlobs,
  storeIndex,
  storePack,
  storePoint,
  storeSnapshot,
  testNode,
  testRepository,
  type TestFolder,
} from './testing/test-repository.ts'
import { collect, collectBytes } from './testing/collect.ts'
import { encodeTree } from './format/tree.ts'
import { VaultReader } from './vault-reader.ts'
import type { Snapshot } from './types.ts'

const big = [randomBytes(600_000), randomBytes(300_000)]
const folder: TestFolder = {
  empty: [],
  'notes.txt': [Buffer.from('note')],
  sub: { 'big.bin': big, twice: [Buffer.from('note')], below: { deep: [Buffer.from('deep')] } },
}

async function point(content = folder) {
  const repository = await testRepository()
  const stored = await storePoint(repository, content)
  const snapshot = await loadSnapshot(repository, stored.snapshot)
  return { repository, stored, snapshot, reader: new VaultReader(repository) }
}

const flip = async (repository: Repository, pack: string, at: number): Promise<void> => {
  const bytes = await repository.storage.load('data', pack)
  bytes[at]! ^= 0x40
  await repository.storage.save('data', pack, bytes)
}

describe('reading a point', () => {
  it('gives every file’s bytes', async () => {
    const { reader, snapshot } = await point()
    expect(await collectBytes(readFile(reader, snapshot, 'empty'))).toHaveLength(0)
    expect(await collectBytes(readFile(reader, snapshot, 'notes.txt'))).toEqual(Buffer.from('note'))
    expect((await collectBytes(readFile(reader, snapshot, 'sub/big.bin'))).equals(Buffer.concat(big))).toBe(true)
    expect(await collectBytes(readFile(reader, snapshot, '/sub//below/deep/'))).toEqual(Buffer.from('deep'))
  })

  it('lists folders and finds nodes', async () => {
    const { reader, snapshot } = await point()
    const names = async (path: string) =>
      (await listFolder(reader, snapshot, path)).map(({ name }) => Buffer.from(name).toString())
    expect(await names('')).toEqual(['empty', 'notes.txt', 'sub'])
    expect(await names('sub/below')).toEqual(['deep'])
    expect((await findNode(reader, snapshot, 'sub'))?.type).toBe('dir')
    expect((await findNode(reader, snapshot, ''))?.subtree).toBe(snapshot.tree)
    for (const nowhere of ['su', 'sub/x', 'notes.txt/x', '..', '.'])
      expect(await findNode(reader, snapshot, nowhere)).toBeUndefined()
  })

  it('says what is not there, or not what was asked for', async () => {
    const { reader, snapshot } = await point()
    const short = snapshot.id.slice(0, 8)
    await expect(listFolder(reader, snapshot, 'x')).rejects.toMatchObject({
      code: 'file-missing',
      message: `x is not there in point ${short}`,
    })
    await expect(listFolder(reader, snapshot, 'empty')).rejects.toMatchObject({
      message: `empty is not a folder in point ${short}`,
    })
    await expect(collectBytes(readFile(reader, snapshot, 'sub'))).rejects.toMatchObject({
      message: `sub is not a file in point ${short}`,
    })
  })

  it('walks through everything, folders before what is in them', async () => {
    const { reader, snapshot } = await point()
    const walked: [string, string][] = []
    for await (const { path, metadata, size, bytes } of entries(reader, snapshot, '')) {
      walked.push([Buffer.from(path).toString(), metadata.type])
      expect(Object.keys(metadata)).not.toContain('content')
      if (bytes) expect((await collectBytes(bytes)).length).toBe(Number(size))
    }
    const expected = ['', 'empty', 'notes.txt', 'sub', 'sub/below', 'sub/below/deep', 'sub/big.bin', 'sub/twice']
    expect(walked.map(([path]) => path)).toEqual(expected)
    const below = await collect(entries(reader, snapshot, 'sub/below'))
    expect(below.map(({ path }) => Buffer.from(path).toString())).toEqual(['', 'deep'])
    expect(await collect(entries(reader, snapshot, 'notes.txt'))).toMatchObject([{ size: 4n }])
  })

  it('joins names of one file, and keeps apart what has other content', async () => {
    const repository = await testRepository()
    const plain = Buffer.from('linked')
    const link = { links: 2, inode: 5n, deviceId: 1n, content: [idOf(plain)], size: 6n }
    const torn = { links: 2, inode: 6n, deviceId: 1n }
    const tree = encodeTree([
      testNode('a', 'file', link),
      testNode('b', 'file', link),
      testNode('c', 'file', { ...torn, content: [idOf(plain)], size: 6n }),
      testNode('d', 'file', { ...torn, content: [] }),
    ])
    const packs = [
      await storePack(repository, [{ type: 'data', plain }]),
      await storePack(repository, [{ type: 'tree', plain: tree }]),
    ]
    await storeIndex(repository, packs)
    const snapshot = await loadSnapshot(repository, await storeSnapshot(repository, idOf(tree)))
    const found = await collect(entries(new VaultReader(repository), snapshot, ''))
    expect(found.map(({ hardLinkTo }) => hardLinkTo && Buffer.from(hardLinkTo).toString())).toEqual([
      undefined,
      undefined,
      'a',
      undefined,
      undefined,
    ])
  })

  it('sees points that were added after the reader was opened', async () => {
    const { repository, reader, snapshot } = await point()
    await collectBytes(readFile(reader, snapshot, 'notes.txt'))
    const later = await storePoint(repository, { later: [Buffer.from('later')] })
    const added = await loadSnapshot(repository, later.snapshot)
    expect(await collectBytes(readFile(reader, added, 'later'))).toEqual(Buffer.from('later'))
  })

  it('reads on when the packs were rewritten meanwhile', async () => {
    const { repository, reader, snapshot, stored } = await point()
    await listFolder(reader, snapshot, '')
    const { blobs } = folderBlobs(folder)
    const packs = [
      await storePack(
        repository,
        blobs.filter(({ type }) => type === 'data'),
      ),
      stored.treePack,
    ]
    await storeIndex(repository, packs)
    await repository.storage.remove('index', stored.index)
    await repository.storage.remove('data', stored.dataPack.id)
    expect((await collectBytes(readFile(reader, snapshot, 'sub/big.bin'))).equals(Buffer.concat(big))).toBe(true)
  })

  it('reads few times for many small files that lie side by side', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`file${i}`, [randomBytes(100)]]))
    const { repository, snapshot } = await point(many)
    let reads = 0
    const counting = new FaultyStorage(
      repository.storage,
      operation => void (reads += operation === 'loadPart' ? 1 : 0),
    )
    const reader = new VaultReader(new Repository(counting, repository.key, repository.config))
    for await (const { bytes } of entries(reader, snapshot, '')) if (bytes) await collectBytes(bytes)
    expect(reads).toBeLessThan(10)
  })
})

describe('reading a damaged point', () => {
  const failsAs = (message: string) => ({ code: 'vault-damaged', message: expect.stringContaining(message) as string })

  it('hands out nothing of a blob that was altered, and names file, blob and pack', async () => {
    const { repository, reader, snapshot, stored } = await point()
    const blob = stored.dataPack.blobs.find(({ id }) => id === idOf(big[1]!))!
    await flip(repository, stored.dataPack.id, blob.offset + 50)
    const pieces: Uint8Array[] = []
    const reading = async () => {
      for await (const piece of readFile(reader, snapshot, 'sub/big.bin')) pieces.push(piece)
    }
    await expect(reading()).rejects.toMatchObject(failsAs('sub/big.bin'))
    await expect(reading()).rejects.toMatchObject(failsAs(blob.id))
    await expect(reading()).rejects.toMatchObject(
      failsAs(`data/${stored.dataPack.id.slice(0, 2)}/${stored.dataPack.id}`),
    )
    for (const piece of pieces) expect(Buffer.from(piece).equals(big[0]!)).toBe(true)
    expect(await collectBytes(readFile(reader, snapshot, 'notes.txt'))).toEqual(Buffer.from('note'))
  })

  it('uses another copy of a blob when one is bad', async () => {
    const { repository, reader, snapshot, stored } = await point()
    const copy = await storePack(repository, [{ type: 'data', plain: Buffer.from('note') }])
    await storeIndex(repository, [copy])
    const blob = stored.dataPack.blobs.find(({ id }) => id === idOf(Buffer.from('note')))!
    await flip(repository, stored.dataPack.id, blob.offset + 20)
    expect(await collectBytes(readFile(reader, snapshot, 'notes.txt'))).toEqual(Buffer.from('note'))
    await repository.storage.remove('data', stored.dataPack.id)
    expect(await collectBytes(readFile(reader, snapshot, 'notes.txt'))).toEqual(Buffer.from('note'))
    await repository.storage.remove('data', copy.id)
    await expect(collectBytes(readFile(new VaultReader(repository), snapshot, 'notes.txt'))).rejects.toMatchObject(
      failsAs(copy.id),
    )
  })

  it('reads blobs before the place where a pack is cut off', async () => {
    const { repository, reader, snapshot, stored } = await point({
      a: [Buffer.from('first')],
      b: [Buffer.from('second')],
    })
    const bytes = await repository.storage.load('data', stored.dataPack.id)
    const second = stored.dataPack.blobs[1]!
    await repository.storage.save('data', stored.dataPack.id, bytes.subarray(0, second.offset + second.length - 1))
    expect(await collectBytes(readFile(reader, snapshot, 'a'))).toEqual(Buffer.from('first'))
    await expect(collectBytes(readFile(reader, snapshot, 'b'))).rejects.toMatchObject(failsAs('ends before byte'))
  })

  it('reads what the intact index files list, and names the damaged one for the rest', async () => {
    const { repository, reader, snapshot } = await point()
    const other = await storePoint(repository, { other: [Buffer.from('other')] })
    const lost = await loadSnapshot(repository, other.snapshot)
    await repository.storage.save('index', other.index, Buffer.from('x'))
    expect(await collectBytes(readFile(reader, snapshot, 'notes.txt'))).toEqual(Buffer.from('note'))
    await expect(listFolder(reader, lost, '')).rejects.toMatchObject(failsAs(`index/${other.index} cannot be read`))
  })

  it.each([
    ['is shorter than its parts', 3n],
    ['is longer than its parts', 5n],
  ])('rejects a file whose size %s', async (_, size) => {
    const repository = await testRepository()
    const plain = Buffer.from('note')
    const tree = encodeTree([testNode('f', 'file', { content: [idOf(plain)], size })])
    await storeIndex(repository, [
      await storePack(repository, [{ type: 'data', plain }]),
      await storePack(repository, [{ type: 'tree', plain: tree }]),
    ])
    const snapshot: Snapshot = await loadSnapshot(repository, await storeSnapshot(repository, idOf(tree)))
    await expect(collectBytes(readFile(new VaultReader(repository), snapshot, 'f'))).rejects.toMatchObject(
      failsAs('f in point'),
    )
  })

  it('rejects a blob that is well sealed but not what it is named', async () => {
    const { repository, reader, snapshot } = await point()
    const forged = await storePack(repository, [
      { type: 'tree', plain: Buffer.from('{"nodes":[]}\n'), id: 'aa'.repeat(32) },
    ])
    await storeIndex(repository, [forged])
    await expect(listFolder(reader, { ...snapshot, tree: 'aa'.repeat(32) }, '')).rejects.toMatchObject(
      failsAs('not what its id says'),
    )
  })

  // Reading the first page of one's own memory fails as a bad sector does.
  it.skipIf(process.platform !== 'linux')(
    'restores all but what lies on a bad sector, and uses its copies',
    async () => {
      const top = await mkdtemp(path.join(tmpdir(), 'aidatavault-sector-'))
      const storage = new LocalStorage(path.join(top, 'vault'))
      const repository = await testRepository(storage)
      const plain = Buffer.from('well')
      const nodes = ['lost', 'well'].map(text => ({ text, id: idOf(Buffer.from(text)) }))
      const tree = encodeTree(nodes.map(({ text, id }) => testNode(text, 'file', { content: [id], size: 4n })))
      const both = nodes.map(({ text }) => ({ type: 'data', plain: Buffer.from(text) }) as const)
      const bad = await storePack(repository, both)
      const packs = [bad, await storePack(repository, [{ type: 'data', plain }])]
      await storeIndex(repository, [...packs, await storePack(repository, [{ type: 'tree', plain: tree }])])
      await storage.remove('data', bad.id)
      await symlink('/proc/self/mem', path.join(storage.location, 'data', bad.id.slice(0, 2), bad.id))
      const target = path.join(top, 'target')
      const restoring = restoreFolder(new VaultReader(repository), { tree: idOf(tree) }, target, {}, {})
      await expect(restoring).rejects.toMatchObject(failsAs('lost: its part'))
      expect(await readdir(target)).toEqual(['well'])
      await rm(top, { recursive: true })
    },
  )

  it('lets a failing storage be told as such', async () => {
    const { repository, snapshot } = await point()
    const storage = new FaultyStorage(repository.storage, operation => {
      if (operation === 'loadPart') throw new VaultError('storage-failed', 'unplugged')
    })
    const reader = new VaultReader(new Repository(storage, repository.key, repository.config))
    await expect(listFolder(reader, snapshot, '')).rejects.toMatchObject({ code: 'storage-failed' })
  })
})
