import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { readFile, findNode } from '../read.ts'
import { collectBytes } from '../testing/collect.ts'
import { testRepository } from '../testing/test-repository.ts'
import type { Entry, Snapshot } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { inPieces, publish } from './testing/upload.ts'

const blockBytes = 8192
const page = 8192
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-blocks-'))
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }))

const idsOf = (content: Buffer): string[] =>
  Array.from({ length: Math.ceil(content.length / blockBytes) }, (_, i) =>
    createHash('sha256')
      .update(content.subarray(i * blockBytes, (i + 1) * blockBytes))
      .digest('hex'),
  )

async function* entriesOf(files: Record<string, Buffer>): AsyncGenerator<Entry> {
  for (const [name, content] of Object.entries(files)) {
    await Promise.resolve()
    yield {
      path: Buffer.from(name),
      size: BigInt(content.length),
      bytes: inPieces(content, 10_007),
      metadata: {
        ...{ type: 'file', mode: 0o600, mtime: 0n, atime: 0n, ctime: 0n, uid: 0, gid: 0, user: '', group: '' },
        ...{ inode: 0n, deviceId: 0n, links: 0 },
      },
    }
  }
}

const added = (snapshot: Snapshot) => snapshot.summary!.dataAdded

describe('contents cut into blocks', () => {
  // Sizes around every way in which a content travels: batched, piece by piece, as a large file.
  const files = Object.fromEntries(
    [0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 600_000, 3_000_001, 17 * 1024 * 1024 + 5].map(size => [
      `f${size}`,
      randomBytes(size),
    ]),
  )
  const folder = path.join(scratch, 'folder')
  fs.mkdirSync(folder)
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content)

  it('have a blob for every block, however they came into the vault, and are read back whole', async () => {
    const repository = await testRepository()
    const snapshot = await publish(repository, async uploader => {
      await uploader.saveFolder('folder', folder, { blockBytes })
      await uploader.saveEntries('entries', entriesOf(files), { blockBytes })
      for (const [name, content] of Object.entries(files))
        await uploader.saveStream(`streams/${name}`, inPieces(content, 4099), 0o600, { blockBytes })
    })
    const reader = new VaultReader(repository)
    for (const [name, content] of Object.entries(files))
      for (const way of ['folder', 'entries', 'streams']) {
        expect((await findNode(reader, snapshot, `${way}/${name}`))?.content).toEqual(idsOf(content))
        expect((await collectBytes(readFile(reader, snapshot, `${way}/${name}`))).equals(content)).toBe(true)
      }
  })

  it('are stored again only where a page was touched, also when they come another way', async () => {
    const repository = await testRepository()
    await publish(repository, uploader => uploader.saveFolder('folder', folder, { blockBytes }))
    const touched = { ...files }
    const whole = Object.values(files).reduce((sum, { length }) => sum + length, 0)
    for (const [name, content] of Object.entries(files))
      if (content.length > 20 * page) {
        touched[name] = Buffer.from(content)
        touched[name].set(randomBytes(page), 3 * page)
      }
    const again = await publish(repository, uploader => uploader.saveEntries('again', entriesOf(files), { blockBytes }))
    expect(added(again)).toBeLessThan(whole / 100)
    const after = await publish(repository, uploader =>
      uploader.saveEntries('touched', entriesOf(touched), { blockBytes }),
    )
    const reader = new VaultReader(repository)
    const contentOf = async (snapshot: Snapshot, folder: string) => {
      const nodes = Object.keys(files).map(name => findNode(reader, snapshot, `${folder}/${name}`))
      return (await Promise.all(nodes)).flatMap(node => node?.content ?? [])
    }
    const before = new Set(await contentOf(again, 'again'))
    // One page of each of the three large files.
    expect((await contentOf(after, 'touched')).filter(id => !before.has(id))).toHaveLength(3)
    expect(added(after) - added(again)).toBeLessThan(4 * page)
  })

  it('of any length and size of block', async () => {
    const sizes = fc.integer({ min: 4096, max: 8 * 1024 * 1024 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: 9_000_000 }), async (blockBytes, length) => {
        const repository = await testRepository()
        const content = randomBytes(length)
        const snapshot = await publish(repository, uploader =>
          uploader.saveStream('s', inPieces(content), 0o600, { blockBytes }),
        )
        const reader = new VaultReader(repository)
        expect((await collectBytes(readFile(reader, snapshot, 's'))).equals(content)).toBe(true)
        expect((await findNode(reader, snapshot, 's'))?.content).toHaveLength(Math.ceil(length / blockBytes))
      }),
      { numRuns: 8 },
    )
  })

  it.each([0, 4095, 8 * 1024 * 1024 + 1, 5000.5, NaN])('cannot have blocks of %s bytes', async blockBytes => {
    const repository = await testRepository()
    const saving = publish(repository, uploader => uploader.saveFolder('folder', folder, { blockBytes }))
    await expect(saving).rejects.toMatchObject({ code: 'bad-input' })
  })
})
