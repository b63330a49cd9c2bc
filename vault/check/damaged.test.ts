import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { lockTiming } from '../locks/timing.ts'
import { openRepository } from '../open.ts'
import { entries } from '../read.ts'
import type { Repository } from '../repository.ts'
import { listSnapshots } from '../snapshots.ts'
import { storagePath } from '../storage/layout.ts'
import type { FileType } from '../storage/storage.ts'
import { collectBytes } from '../testing/collect.ts'
import { storeIndex, storePack, storePoint, testPassword, testRepository } from '../testing/test-repository.ts'
import type { Problem } from '../types.ts'
import { VaultReader } from '../vault-reader.ts'
import { checkRepository } from './check.ts'

// Each kind of file of a vault truncated, bit-flipped and missing: check names it, and reading never takes it for good.

const timing = { ...lockTiming, settleMs: 0 }
/** With and without threads: both must find the same. */
async function check(repository: Repository, readData: boolean): Promise<readonly Problem[]> {
  const { problems } = await checkRepository(repository, { readData, timing }, {})
  if (!readData) return problems
  const byThreads = await checkRepository(repository, { readData, timing, threads: 1 }, {})
  expect(byThreads.problems).toEqual(problems)
  return problems
}

/** Two points; the second is never touched by what happens to the first's files. */
async function twoPoints() {
  const repository = await testRepository()
  const victim = await storePoint(repository, { 'file.bin': [randomBytes(5000)], sub: { deep: [Buffer.from('deep')] } })
  const other = await storePoint(repository, { 'other.txt': [Buffer.from('other')] }, { hostname: 'other' })
  return { repository, victim, other }
}
type Stored = Awaited<ReturnType<typeof twoPoints>>

async function damage({ repository: { storage } }: Stored, type: FileType, name: string, how: string): Promise<void> {
  const bytes = await storage.load(type, name)
  if (how === 'missing') return storage.remove(type, name)
  if (how === 'emptied') return storage.save(type, name, Buffer.alloc(0))
  if (how === 'truncated') return storage.save(type, name, bytes.subarray(0, bytes.length - 10))
  if (how === 'extended') return storage.save(type, name, Buffer.concat([bytes, Buffer.from('x')]))
  bytes[how === 'flipped at its end' ? bytes.length - 20 : 25]! ^= 1
  return storage.save(type, name, bytes)
}

/** Reads every byte of every point; returns what failed, or undefined. */
async function readEverything(repository: Repository): Promise<unknown> {
  const reader = new VaultReader(repository)
  try {
    for (const snapshot of await listSnapshots(repository))
      for await (const { bytes } of entries(reader, snapshot, '')) if (bytes) await collectBytes(bytes)
    return undefined
  } catch (error) {
    return error
  }
}

const damagedOnly = (problems: readonly Problem[]): readonly Problem[] =>
  problems.filter(({ severity }) => severity === 'damage')

const hows = ['truncated', 'flipped', 'flipped at its end', 'emptied', 'extended', 'missing']

describe('a damaged pack', () => {
  for (const kind of ['dataPack', 'treePack'] as const)
    it.each(hows)(`(${kind}) is named with the points it touches when it is %s`, async how => {
      const vault = await twoPoints()
      const pack = vault.victim[kind].id
      await damage(vault, 'data', pack, how)
      const problems = damagedOnly(await check(vault.repository, true))
      expect(problems.length).toBeGreaterThan(0)
      for (const { file } of problems) expect(file).toBe(storagePath('data', pack))
      // Damage of the header or behind the last blob takes nothing away from any point.
      const touches = !['flipped at its end', 'truncated', 'extended'].includes(how)
      const touched = touches ? [vault.victim.snapshot] : []
      for (const { snapshots } of problems) expect(snapshots).toEqual(touched)
      const failure = await readEverything(vault.repository)
      if (touches) expect(failure).toMatchObject({ code: 'vault-damaged' })
      else expect(failure).toBeUndefined()
    })

  it.each(['truncated', 'emptied', 'extended', 'missing'])(
    'is named without reading the data when it is %s',
    async how => {
      const vault = await twoPoints()
      await damage(vault, 'data', vault.victim.dataPack.id, how)
      const expected = how === 'missing' ? 'file-missing' : 'pack-size'
      expect((await check(vault.repository, false)).map(({ kind }) => kind)).toEqual([expected])
    },
  )

  it('is named blob by blob, and blobs beside the damage are not', async () => {
    const vault = await twoPoints()
    await damage(vault, 'data', vault.victim.dataPack.id, 'flipped')
    const [first] = vault.victim.dataPack.blobs
    const blobs = (await check(vault.repository, true)).filter(({ kind }) => kind === 'blob-damaged')
    expect(blobs).toHaveLength(1)
    expect(blobs[0]!.message).toContain(first!.id)
    expect(blobs[0]!.message).toContain('it touches /file.bin')
  })

  it('is found in any single bit', async () => {
    const repository = await testRepository()
    const { dataPack, treePack, index, snapshot } = await storePoint(repository, { a: [Buffer.from('a few bytes')] })
    const places = [
      ['data', dataPack.id],
      ['data', treePack.id],
      ['index', index],
      ['snapshots', snapshot],
    ] as const
    for (const [type, name] of places) {
      const good = await repository.storage.load(type, name)
      for (let at = 0; at < good.length; at += 7) {
        const bad = Buffer.from(good)
        bad[at]! ^= 1 << (at % 8)
        await repository.storage.save(type, name, bad)
        const { problems } = await checkRepository(repository, { readData: true, timing }, {})
        const files = damagedOnly(problems).map(({ file }) => file)
        expect(files, `${type} at ${at}`).toContain(storagePath(type, name))
      }
      await repository.storage.save(type, name, good)
    }
    expect(await check(repository, true)).toEqual([])
  })
})

describe('a damaged index', () => {
  it.each(hows)('is named with the points it touches when it is %s', async how => {
    const vault = await twoPoints()
    await damage(vault, 'index', vault.victim.index, how)
    const problems = damagedOnly(await check(vault.repository, true))
    const named = problems.filter(({ file }) => file === `index/${vault.victim.index}`)
    expect(named.map(({ kind }) => kind)).toEqual(how === 'missing' ? [] : ['index-damaged'])
    for (const { snapshots } of problems) expect(snapshots).toEqual([vault.victim.snapshot])
    expect(problems.some(({ kind }) => kind === 'blob-missing')).toBe(true)
    expect(await readEverything(vault.repository)).toMatchObject({ code: 'vault-damaged' })
  })

  it('is named when it lists a pack by halves', async () => {
    const { repository, victim } = await twoPoints()
    await storeIndex(repository, [{ id: victim.dataPack.id, blobs: victim.dataPack.blobs.slice(1) }])
    expect(damagedOnly(await check(repository, true))).toMatchObject([{ kind: 'pack-in-several-indexes' }])
  })

  it('is named when it lies about a length, although pack and index agree', async () => {
    const repository = await testRepository()
    const wrong = await storePack(repository, [{ type: 'data', plain: Buffer.from('five!'), uncompressedLength: 6 }])
    await storeIndex(repository, [wrong])
    expect(await check(repository, true)).toMatchObject([{ kind: 'blob-damaged', severity: 'damage' }])
  })

  it('is named when it says something else than the pack', async () => {
    const { repository, victim } = await twoPoints()
    await repository.storage.remove('index', victim.index)
    const [first, second] = victim.dataPack.blobs
    const swapped = {
      ...victim.dataPack,
      blobs: [
        { ...first!, id: second!.id },
        { ...second!, id: first!.id },
      ],
    }
    await storeIndex(repository, [swapped, victim.treePack])
    const problems = damagedOnly(await check(repository, true))
    expect(problems.map(({ kind }) => kind).toSorted()).toEqual(['blob-damaged', 'blob-damaged', 'pack-header'])
    for (const { snapshots } of problems) expect(snapshots).toEqual([victim.snapshot])
  })
})

describe('a damaged snapshot', () => {
  it.each(hows.filter(how => how !== 'missing'))('is named when it is %s', async how => {
    const vault = await twoPoints()
    await damage(vault, 'snapshots', vault.victim.snapshot, how)
    expect(damagedOnly(await check(vault.repository, false))).toMatchObject([
      { kind: 'file-damaged', file: `snapshots/${vault.victim.snapshot}`, snapshots: [vault.victim.snapshot] },
    ])
    expect(await readEverything(vault.repository)).toMatchObject({ code: 'vault-damaged' })
  })

  it('is named when it is well stored but says nothing', async () => {
    const { repository } = await twoPoints()
    const id = await repository.saveUnpacked('snapshots', Buffer.from('{"time":"2026-01-01T00:00:00Z","paths":[]}'))
    expect(await check(repository, false)).toMatchObject([
      { kind: 'snapshot-invalid', file: `snapshots/${id}`, snapshots: [id] },
    ])
  })
})

describe('damaged keys and config', () => {
  it.each(hows.filter(how => how !== 'missing'))('are named when they are %s', async how => {
    const vault = await twoPoints()
    const { name } = (await vault.repository.storage.list('keys'))[0]!
    await damage(vault, 'keys', name, how)
    await damage(vault, 'config', '', how)
    const problems = damagedOnly(await check(vault.repository, false))
    expect(problems.map(({ kind, file }) => `${kind} ${file}`)).toEqual([
      'config-damaged config',
      `key-damaged keys/${name}`,
    ])
    await expect(openRepository(vault.repository.storage, testPassword)).rejects.toMatchObject({
      code: expect.stringMatching(/vault-damaged|wrong-password/) as string,
    })
  })

  it('are named when the config is missing', async () => {
    const vault = await twoPoints()
    await damage(vault, 'config', '', 'missing')
    expect(await check(vault.repository, false)).toMatchObject([{ kind: 'file-missing', file: 'config' }])
  })
})

describe('a vault with much damage', () => {
  it('is checked to the end, with everything in the report', async () => {
    const vault = await twoPoints()
    await damage(vault, 'data', vault.victim.dataPack.id, 'flipped')
    await damage(vault, 'data', vault.victim.treePack.id, 'missing')
    await damage(vault, 'index', vault.other.index, 'truncated')
    await damage(
      vault,
      'snapshots',
      (await storePoint(vault.repository, {}, { hostname: 'third' })).snapshot,
      'flipped',
    )
    const kinds = new Set(damagedOnly(await check(vault.repository, true)).map(({ kind }) => kind))
    for (const kind of ['blob-damaged', 'file-damaged', 'file-missing', 'index-damaged', 'blob-missing'] as const)
      expect(kinds).toContain(kind)
  })

  it('is told from one whose disk went away', async () => {
    const { repository } = await twoPoints()
    const { storage } = repository
    const run = {
      onProgress: () => {
        storage.list = async () => []
        storage.size = async () => undefined
      },
    }
    await expect(checkRepository(repository, { readData: true, timing }, run)).rejects.toMatchObject({
      code: 'storage-failed',
    })
  })
})
