import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRepository } from './check/check.ts'
import { VaultError } from './errors.ts'
import { encodeTree } from './format/tree.ts'
import { idOf } from './format/id.ts'
import { lockTiming } from './locks/timing.ts'
import { openRepository } from './open.ts'
import { entries } from './read.ts'
import { repairRepository } from './repair/repair.ts'
import { Repository } from './repository.ts'
import { listSnapshots } from './snapshots.ts'
import { MemoryStorage } from './storage/memory.ts'
import type { FileType } from './storage/storage.ts'
import { collectBytes } from './testing/collect.ts'
import {
  storeIndex,
  storePack,
  storePoint,
  storeSnapshot,
  testNode,
  testPassword,
  testRepository,
} from './testing/test-repository.ts'
import { VaultReader } from './vault-reader.ts'

// Whatever lies in the place of a vault's files: it is read, named as damage and repaired, or refused with a reason; nothing
// else is thrown, and nothing hangs.

const timing = { ...lockTiming, settleMs: 0, retryUnreadableMs: [] }
const types = ['config', 'keys', 'index', 'data', 'snapshots', 'locks'] as const satisfies FileType[]

type Files = readonly { readonly type: FileType; readonly name: string; readonly bytes: Buffer }[]

async function filesOf({ storage }: Repository): Promise<Files> {
  const files = []
  for (const type of types)
    for (const { name } of await storage.list(type)) files.push({ type, name, bytes: await storage.load(type, name) })
  return files
}

const harms = fc.oneof(
  fc.record({ how: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ how: fc.constant('cut' as const), at: fc.nat(), bit: fc.constant(0) }),
  fc.record({ how: fc.constant('garbage' as const), at: fc.nat(3000), bit: fc.constant(0) }),
  fc.record({ how: fc.constant('append' as const), at: fc.nat(300), bit: fc.constant(0) }),
)
type Harm = typeof harms extends fc.Arbitrary<infer T> ? T : never

function harmed(bytes: Buffer, { how, at, bit }: Harm): Buffer {
  const place = bytes.length === 0 ? 0 : at % bytes.length
  if (how === 'cut') return bytes.subarray(0, place)
  if (how === 'garbage') return randomBytes(at)
  if (how === 'append') return Buffer.concat([bytes, Buffer.alloc(at + 1, 7)])
  const changed = Buffer.from(bytes)
  if (changed.length > 0) changed[place]! ^= 1 << bit
  return changed
}

/** Everything that a user does with a vault. Only our own errors may come of it. */
async function useAll(storage: MemoryStorage): Promise<void> {
  const { repository, keyId } = await openRepository(storage, testPassword)
  await orRefused(async () => {
    const reader = new VaultReader(repository)
    for (const snapshot of await listSnapshots(repository))
      for await (const { bytes } of entries(reader, snapshot, '')) if (bytes) await collectBytes(bytes)
  })
  await orRefused(() => checkRepository(repository, { readData: true, timing }, {}))
  const steps = ['index', 'packs', 'points'] as const
  const agree = () => Promise.resolve(true)
  await orRefused(() => repairRepository(repository, { steps, readData: true }, agree, {}, { keyId, timing }))
}

async function orRefused(use: () => Promise<unknown>): Promise<void> {
  try {
    await use()
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
  }
}

describe('a vault of which some files are anything', () => {
  it('is used, checked and repaired, or refused with a reason', async () => {
    const repository = await testRepository()
    await storePoint(repository, { 'a.bin': [randomBytes(2000)], folder: { 'b.txt': [Buffer.from('b'.repeat(99))] } })
    const files = await filesOf(repository)
    const harm = fc.array(fc.tuple(fc.nat(files.length - 1), harms), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(harm, async changes => {
        const storage = new MemoryStorage()
        for (const { type, name, bytes } of files) await storage.save(type, name, bytes)
        for (const [which, how] of changes) {
          const { type, name, bytes } = files[which]!
          await storage.save(type, name, harmed(bytes, how))
        }
        await orRefused(() => useAll(storage))
      }),
      { numRuns: 150 },
    )
  })
})

describe('a vault that somebody with its key has made to do harm', () => {
  it('with lengths that nothing has is refused, and no memory is taken for them', async () => {
    const repository = await testRepository()
    const { dataPack, treePack, index } = await storePoint(repository, { a: [Buffer.from('content')] })
    await repository.storage.remove('index', index)
    const blobs = dataPack.blobs.map(blob => ({ ...blob, length: 2 ** 32 - 1, uncompressedLength: 2 ** 32 - 1 }))
    await storeIndex(repository, [{ id: dataPack.id, blobs }, treePack])
    const before = process.memoryUsage().rss
    await useAll(repository.storage as MemoryStorage)
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024)
    const { problems } = await checkRepository(repository, { readData: true, timing }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  })

  it('with thousands of folders in each other is checked and repaired', async () => {
    const repository = await testRepository()
    const lost = idOf(Buffer.from('nowhere'))
    let tree = encodeTree([testNode('file', 'file', { content: [lost], size: 1n })])
    const trees = [tree]
    for (let depth = 0; depth < 3000; depth++)
      trees.push((tree = encodeTree([testNode('d', 'dir', { subtree: idOf(tree) })])))
    const pack = await storePack(
      repository,
      trees.map(plain => ({ type: 'tree', plain })),
    )
    await storeIndex(repository, [pack])
    await storeSnapshot(repository, idOf(tree))
    await useAll(repository.storage as MemoryStorage)
    const { problems } = await checkRepository(repository, { readData: true, timing }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  })
})
