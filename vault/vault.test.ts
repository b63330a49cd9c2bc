import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, link, writeFile, chmod, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createVault, MemoryStorage, openStorage, openVault, VaultError } from './index.ts'
import type { Entry, Snapshot, SnapshotDetails, Storage, Uploader, Vault } from './index.ts'
import { collect, collectBytes } from './testing/collect.ts'
import { cheapScrypt, testPassword } from './testing/test-repository.ts'

const made: string[] = []
async function folder(name: string): Promise<string> {
  const temporary = await mkdtemp(path.join(tmpdir(), `aidatavault-${name}-`))
  made.push(temporary)
  return temporary
}
afterAll(async () => {
  for (const one of made) await rm(one, { recursive: true, force: true })
})

const first = { password: testPassword, username: 'ann', hostname: 'here', scrypt: cheapScrypt }
const details = (more: Partial<SnapshotDetails> = {}): SnapshotDetails => ({
  time: new Date('2026-05-06T07:08:09.123Z'),
  hostname: 'here',
  username: 'ann',
  paths: ['/srv/shop'],
  tags: ['aidatavault'],
  programVersion: 'test',
  ...more,
})

const big = randomBytes(5_000_000)

/** A folder with one of most things. */
async function project(): Promise<string> {
  const top = await folder('project')
  await mkdir(path.join(top, 'sub', 'empty'), { recursive: true })
  await writeFile(path.join(top, 'big.bin'), big)
  await writeFile(path.join(top, 'sub', 'note.txt'), 'a note')
  await writeFile(path.join(top, 'nothing'), '')
  await writeFile(Buffer.concat([Buffer.from(`${top}/raw-`), Buffer.from([0xff, 0xfe])]), 'any bytes as a name')
  await symlink('sub/note.txt', path.join(top, 'link'))
  await link(path.join(top, 'sub', 'note.txt'), path.join(top, 'second-name'))
  await writeFile(path.join(top, 'sparse'), 'x')
  await truncate(path.join(top, 'sparse'), 3_000_000)
  await chmod(path.join(top, 'sub'), 0o750)
  return top
}

async function* pieces(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Saves a folder and a stream as one point. */
const savePoint = (vault: Vault, top: string, more: Partial<SnapshotDetails> = {}): Promise<Snapshot> =>
  vault.withUploader({}, async uploader => {
    await Promise.all([
      uploader.saveFolder('volumes/files', top),
      uploader.saveStream('databases/shop.dump', pieces(big)),
    ])
    await uploader.saveStream('manifest.json', pieces(Buffer.from('{}')))
    return uploader.publish(details(more))
  })

const storages: [string, () => Promise<Storage>][] = [
  ['in memory', async () => new MemoryStorage()],
  ['in a folder', async () => openStorage(path.join(await folder('vault'), 'vault'))],
]

describe.each(storages)('a vault %s', (_, open) => {
  it('gives back what was put in, after being opened anew, to the byte and to every attribute', async () => {
    const storage = await open()
    const source = await project()
    const created = await createVault(storage, first)
    const saved = await savePoint(created, source)
    await created.close()

    const vault = await openVault(storage, { password: testPassword })
    expect([vault.id, vault.version, vault.location]).toEqual([created.id, 2, storage.location])
    expect(await vault.listSnapshots()).toEqual([saved])
    const point = await vault.findSnapshot(saved.id.slice(0, 10))
    expect(point).toMatchObject({ id: saved.id, paths: ['/srv/shop'], hostname: 'here', tags: ['aidatavault'] })

    expect((await collectBytes(vault.readFile(point, 'databases/shop.dump'))).equals(big)).toBe(true)
    expect((await collectBytes(vault.readFile(point, 'volumes/files/big.bin'))).equals(big)).toBe(true)
    const names = (await vault.listFolder(point, 'volumes/files')).map(({ name }) =>
      Buffer.from(name).toString('latin1'),
    )
    expect(names).toEqual(['big.bin', 'link', 'nothing', 'raw-\xff\xfe', 'second-name', 'sparse', 'sub'])
    expect(await vault.findNode(point, 'volumes/files/sub/note.txt')).toMatchObject({ type: 'file', size: 6n })

    const target = path.join(await folder('target'), 'restored')
    const restored = await vault.restoreFolder(point, 'volumes/files', target, {}, {})
    expect(restored).toMatchObject({ files: 6, warnings: [] })
    expect(await vault.compareFolder(point, 'volumes/files', target, {}, {})).toEqual([])
    expect(await vault.compareFolder(point, 'volumes/files', source, {}, {})).toEqual([])
    expect(execFileSync('diff', ['-r', '--no-dereference', source, target], { encoding: 'utf8' })).toBe('')

    expect(await vault.check({ readData: true }, {})).toMatchObject({ problems: [], snapshots: 1 })
    expect(await vault.check({ readData: false }, {})).toMatchObject({ problems: [], bytesRead: 0 })
    expect(await vault.listLocks()).toEqual([])
  })

  it('sees every difference between a point and a folder', async () => {
    const vault = await createVault(await open(), first)
    const source = await project()
    const point = await savePoint(vault, source)
    await writeFile(path.join(source, 'sub', 'note.txt'), 'a bote')
    await rm(path.join(source, 'link'))
    const found = await vault.compareFolder(point, 'volumes/files', source, {}, {})
    const what = found.map(difference => `${difference.what} ${difference.path}`)
    expect(what).toEqual(expect.arrayContaining(['missing link', 'content sub/note.txt']))
  })

  it('passes entries on from one point to another unchanged', async () => {
    const vault = await createVault(await open(), first)
    const point = await savePoint(vault, await project())
    const copy = await vault.withUploader({}, async uploader => {
      await uploader.saveEntries('volumes/files', vault.entries(point, 'volumes/files'))
      return uploader.publish(details({ time: new Date('2026-05-07') }))
    })
    expect(await vault.compareEntries(copy, 'volumes/files', vault.entries(point, 'volumes/files'), {}, {})).toEqual([])
    const sizes = (entries: Entry[]) =>
      entries.map(({ path: at, size }) => `${Buffer.from(at).toString('latin1')} ${size}`)
    expect(sizes(await collect(vault.entries(copy, 'volumes/files')))).toEqual(
      sizes(await collect(vault.entries(point, 'volumes/files'))),
    )
  })

  it('stores what it has already only once', async () => {
    const storage = await open()
    const vault = await createVault(storage, first)
    const source = await project()
    const before = await savePoint(vault, source)
    const packs = await storage.list('data')
    const like = { snapshot: before, path: 'volumes/files' }
    const again = await vault.withUploader({}, async uploader => {
      await uploader.saveFolder('volumes/files', source, { like })
      return uploader.publish(details({ time: new Date('2026-05-07') }))
    })
    expect(again.summary).toMatchObject({ dataAdded: expect.any(Number) as number, totalFilesProcessed: 6 })
    const added = (await storage.list('data')).length - packs.length
    expect(added).toBeLessThanOrEqual(1)
    expect((await vault.findSnapshot('latest')).tree).toBe(again.tree)
  })

  it('shows no point when the run fails or is interrupted, leaves no lock, and works afterwards', async () => {
    const storage = await open()
    const vault = await createVault(storage, first)
    const failing = async function* () {
      yield big
      throw new Error('the dump broke off')
    }
    let stop = new AbortController()
    const spoiled: [string, (uploader: Uploader) => Promise<unknown>][] = [
      ['the dump broke off', uploader => uploader.saveStream('a', failing())],
      ['interrupted', uploader => (stop.abort(), uploader.saveStream('a', pieces(big)))],
      ['changed my mind', () => Promise.reject(new Error('changed my mind'))],
    ]
    for (const [message, use] of spoiled) {
      stop = new AbortController()
      await expect(vault.withUploader({ signal: stop.signal }, use)).rejects.toThrow(message)
    }
    expect(await storage.list('snapshots')).toEqual([])
    expect(await storage.list('locks')).toEqual([])
    await savePoint(vault, await project())
    const { problems } = await vault.check({ readData: true }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  })

  it('opens with each of its passwords, and with no other', async () => {
    const storage = await open()
    const vault = await createVault(storage, first)
    const id = await vault.addKey('recovery-code', 'recovery kit')
    expect((await vault.listKeys()).map(({ username }) => username).toSorted()).toEqual(['ann', 'recovery kit'])
    expect((await openVault(storage, { password: 'recovery-code' })).keyId).toBe(id)
    await expect(openVault(storage, { password: 'guess' })).rejects.toBeInstanceOf(VaultError)
    await expect(createVault(storage, first)).rejects.toMatchObject({ code: 'vault-exists' })
  })

  it('ends the connections of its storage when it is closed', async () => {
    const storage = Object.assign(new MemoryStorage(), { close: vi.fn(async () => {}) })
    const vault = await createVault(storage, first)
    expect(storage.close).not.toHaveBeenCalled()
    await vault.close()
    expect(storage.close).toHaveBeenCalledOnce()
  })

  it('keeps a check out while it is written to, and says so', async () => {
    const vault = await createVault(await open(), first)
    await vault.withUploader({}, async () => {
      await expect(vault.check({ readData: false }, {})).rejects.toMatchObject({ code: 'vault-locked' })
      expect(await vault.listLocks()).toMatchObject([{ exclusive: false, pid: process.pid, stale: false }])
      expect(await vault.unlock({ all: false })).toEqual([])
    })
    expect(await vault.listLocks()).toEqual([])
  })

  it('never restores damage as if it were good', async () => {
    const storage = await open()
    const vault = await createVault(storage, first)
    const point = await savePoint(vault, await project())
    const largest = (await storage.list('data')).toSorted((a, b) => b.size - a.size)[0]!
    const bytes = await storage.load('data', largest.name)
    bytes[Math.floor(bytes.length / 2)]! ^= 1
    await storage.save('data', largest.name, bytes)
    const fresh = await openVault(storage, { password: testPassword })
    const target = path.join(await folder('target'), 'restored')
    await expect(fresh.restoreFolder(point, 'volumes/files', target, {}, {})).rejects.toMatchObject({
      code: 'vault-damaged',
    })
    await expect(readFile(path.join(target, 'big.bin'))).rejects.toThrow('ENOENT')
    const { problems } = await fresh.check({ readData: true }, {})
    expect(problems.length).toBeGreaterThan(0)
    for (const { snapshots } of problems) expect(snapshots).toEqual([point.id])
  })
})

const temporaryFiles = async (vault: string): Promise<string[]> =>
  (await readdir(vault, { recursive: true })).filter(file => file.includes('-tmp-'))

describe('a vault whose disk is full', () => {
  const disks: string[] = []
  afterAll(() => {
    for (const disk of disks) execFileSync('umount', [disk])
  })
  const canMount = process.getuid?.() === 0 && spawnSync('mount', ['-V']).status === 0

  async function smallDisk(): Promise<Storage> {
    const disk = await folder('disk')
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk])
    disks.push(disk)
    return openStorage(path.join(disk, 'vault'))
  }

  const places: [string, () => Promise<Storage>][] = [
    ['in memory', async () => new MemoryStorage({ capacityBytes: 3_000_000 })],
    ...(canMount ? [['on a small disk', smallDisk] as [string, () => Promise<Storage>]] : []),
  ]

  it.each(places)('says so (%s), shows no point, leaves no lock, and takes a smaller point', async (_, open) => {
    const storage = await open()
    const vault = await createVault(storage, first)
    const save = (bytes: Buffer) => (uploader: Uploader) =>
      uploader.saveStream('dump', pieces(bytes)).then(() => uploader.publish(details()))
    await expect(vault.withUploader({}, save(big))).rejects.toMatchObject({ code: 'storage-full' })
    expect(await storage.list('snapshots')).toEqual([])
    expect(await storage.list('locks')).toEqual([])
    if (storage.localPath) expect(await temporaryFiles(storage.location)).toEqual([])
    const point = await vault.withUploader({}, save(big.subarray(0, 100_000)))
    expect((await collectBytes(vault.readFile(point, 'dump'))).equals(big.subarray(0, 100_000))).toBe(true)
    const { problems } = await vault.check({ readData: true }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
  })
})
