import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRepository } from '../check/check.ts'
import { compareEntries } from '../compare.ts'
import { listFolderIndependently } from '../files/testing/folder-listing.ts'
import { makeOddFolder } from '../files/testing/odd-folder.ts'
import type { NodeMetadata } from '../format/node.ts'
import { entries, findNode, readFile } from '../read.ts'
import type { Repository } from '../repository.ts'
import { restoreFolder } from '../restore.ts'
import { collectBytes } from '../testing/collect.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { Entry, SavedFolder, Snapshot } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { inPieces, publish, upload } from './testing/upload.ts'

const metadata = (type: NodeMetadata['type'], more: Partial<NodeMetadata> = {}): NodeMetadata => ({
  type,
  mode: type === 'dir' ? 0o755 : 0o644,
  mtime: 1_600_000_000_000_000_001n,
  atime: 1_600_000_000_000_000_001n,
  ctime: 1_600_000_000_000_000_001n,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  links: 0,
  ...more,
})
const aFolder = (at: string): Entry => ({ path: Buffer.from(at), metadata: metadata('dir'), size: 0n })
const aFile = (at: string, content: Uint8Array | string = at): Entry => {
  const bytes = Buffer.from(content)
  return { path: Buffer.from(at), metadata: metadata('file'), size: BigInt(bytes.length), bytes: inPieces(bytes) }
}
const aLink = (at: string, to: string): Entry => ({
  path: Buffer.from(at),
  metadata: metadata('file'),
  size: 0n,
  hardLinkTo: Buffer.from(to),
})

async function* stream(all: readonly Entry[]): AsyncGenerator<Entry> {
  for (const entry of all) {
    yield entry
    await Promise.resolve()
  }
}

async function save(repository: Repository, all: AsyncIterable<Entry>) {
  let saved: SavedFolder | undefined
  const snapshot = await publish(repository, async uploader => {
    saved = await uploader.saveEntries('saved', all)
  })
  return { snapshot, saved: saved! }
}

const nodeOf = (repository: Repository, snapshot: Snapshot, at: string) =>
  findNode(new VaultReader(repository), snapshot, `saved/${at}`)

describe('saving entries', () => {
  it('gives back what came, links and all, as a folder and as entries', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'upload-'))
    try {
      const [source, target] = [path.join(folder, 'source'), path.join(folder, 'target')]
      fs.mkdirSync(source)
      makeOddFolder(source)
      const repository = await testRepository()
      const reader = new VaultReader(repository)
      const first = await publish(repository, uploader => uploader.saveFolder('x', source))
      const { snapshot } = await save(repository, entries(reader, first, 'x'))
      const node = (await findNode(reader, snapshot, 'saved'))!
      const saved = { tree: node.subtree!, metadata: node }
      await restoreFolder(reader, saved, target, {}, {})
      expect(listFolderIndependently(target)).toEqual(listFolderIndependently(source))
      expect(await compareEntries(reader, saved, entries(reader, first, 'x'), {}, {})).toEqual([])
      expect(snapshot.summary).toMatchObject({ dataBlobs: 0 })
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

  it('counts them, skips sockets, and makes folders that have no entry of their own', async () => {
    const repository = await testRepository()
    const large = randomBytes(2_000_000)
    const { saved, snapshot } = await save(
      repository,
      stream([
        { ...aFolder(''), metadata: metadata('dir', { mode: 0o701 }) },
        aFile('a/b/file', large),
        aFile('empty', ''),
        { path: Buffer.from('sock'), metadata: metadata('socket'), size: 0n },
        { path: Buffer.from('fifo'), metadata: metadata('fifo'), size: 0n },
        aFolder('c'),
        aFile('c/d'),
        aLink('c/e', 'c/d'),
      ]),
    )
    expect(saved).toEqual({ files: 4, folders: 3, others: 1, bytes: 2_000_000 + 3 + 3, skipped: ['sock'] })
    expect(await nodeOf(repository, snapshot, '')).toMatchObject({ mode: 0o701 })
    expect(await nodeOf(repository, snapshot, 'a/b')).toMatchObject({ type: 'dir', mode: 0o700 })
    expect(await nodeOf(repository, snapshot, 'empty')).toMatchObject({ size: 0n, content: [] })
    const content = await collectBytes(readFile(new VaultReader(repository), snapshot, 'saved/a/b/file'))
    expect(content.equals(large)).toBe(true)
    expect((await checkRepository(repository, { readData: true }, {})).problems).toEqual([])
  })

  it('keeps the names of one file together, and apart from those of others, in the same way each time', async () => {
    const repository = await testRepository()
    const all = () => [
      aFolder('later'),
      aLink('later/link', 'a'),
      aFile('a', 'same content'),
      aFile('b', 'same content'),
      aLink('b2', 'b'),
      aLink('chain', 'b2'),
      aFile('alone', 'same content'),
    ]
    const { snapshot } = await save(repository, stream(all()))
    const identity = async (name: string) => {
      const { inode, deviceId, links } = (await nodeOf(repository, snapshot, name))!
      return { inode, deviceId, links }
    }
    const [a, b] = [await identity('a'), await identity('b')]
    expect(await identity('later/link')).toEqual(a)
    expect([await identity('b2'), await identity('chain')]).toEqual([b, b])
    expect([a.links, b.links]).toEqual([2, 3])
    expect(a.inode).not.toBe(b.inode)
    expect(await identity('alone')).toMatchObject({ inode: 0n, links: 0 })
    const again = await save(repository, stream(all()))
    const subtree = async (of: Snapshot) => (await nodeOf(repository, of, ''))!.subtree
    expect(await subtree(again.snapshot)).toBe(await subtree(snapshot))
  })

  it('takes folders in any order that has them before what is in them, by the thousands', async () => {
    const repository = await testRepository()
    const paths = Array.from({ length: 12_000 }, (_, i) => `${i % 97}/${i % 13}/${i}`)
    const { saved, snapshot } = await save(repository, stream(paths.map(at => aFile(at))))
    expect(saved).toMatchObject({ files: 12_000, folders: 97 + 97 * 13 })
    for (const at of paths.filter((_, i) => i % 1999 === 0)) {
      const content = await collectBytes(readFile(new VaultReader(repository), snapshot, `saved/${at}`))
      expect(content.toString()).toBe(at)
    }
  })

  it('refuses entries that make no sense, and then there is no point', async () => {
    const repository = await testRepository()
    const senseless: readonly (readonly [string, readonly Entry[]])[] = [
      ['leads out of its folder', [aFile('../x')]],
      ['leads out of its folder', [aFile('a/./x')]],
      ['leads out of its folder', [aFolder('a/..')]],
      ['is the top of its folder, but no folder', [aFile('')]],
      ['two entries of one folder are named x', [aFile('x'), aFile('x')]],
      ['two entries of one folder are named x', [aFile('x'), aFile('x/y')]],
      ['is another name of nothing, which is not there', [aLink('x', 'nothing')]],
      ['is another name of', [aLink('x', 'y'), aLink('y', 'x')]],
      ['is another name of folder, which is not there', [aFolder('folder'), aLink('x', 'folder')]],
      ['should have 6 bytes, but 5 came', [{ ...aFile('x', '12345'), size: 6n }]],
      ['should have 4 bytes, but 5 came', [{ ...aFile('x', '12345'), size: 4n }]],
      ['should have 2000000 bytes, but 1999999 came', [{ ...aFile('x', Buffer.alloc(1_999_999)), size: 2_000_000n }]],
    ]
    for (const [why, all] of senseless) {
      const saving = upload(repository, async uploader => {
        await expect(uploader.saveEntries('saved', stream(all))).rejects.toMatchObject({ code: 'bad-input' })
      })
      await expect(saving).rejects.toThrow(why)
    }
    expect(await repository.storage.list('snapshots')).toEqual([])
  })

  it('saves any set of files, whatever they hold', async () => {
    const repository = await testRepository()
    const contents = fc.array(fc.tuple(fc.nat(3_000_000), fc.nat(255)), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(contents, async sizes => {
        const bytes = sizes.map(([size, value]) => Buffer.alloc(size, value))
        const { saved, snapshot } = await save(repository, stream(bytes.map((one, i) => aFile(String(i), one))))
        expect(saved.bytes).toBe(bytes.reduce((sum, { length }) => sum + length, 0))
        for (const [i, one] of bytes.entries()) {
          const found = await collectBytes(readFile(new VaultReader(repository), snapshot, `saved/${i}`))
          expect(found.equals(one)).toBe(true)
        }
      }),
      { numRuns: 8 },
    )
  })
})
