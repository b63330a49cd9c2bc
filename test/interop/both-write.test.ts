import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TreeNode, Vault } from '../../vault/index.ts'
import { openStorage, openVault } from '../../vault/index.ts'
import { fixedBytes, makeSource } from './folders.ts'
import { password, Restic, scratchFolder, scratchFolderLater, skipsInterop } from './restic.ts'
import { details, newVault } from './vault.ts'

interface BackupSummary {
  readonly snapshot_id: string
  readonly files_new: number
  readonly files_changed: number
  readonly files_unmodified: number
  readonly data_blobs: number
  readonly total_files_processed: number
  readonly total_bytes_processed: number
}

/** The last line that `restic backup --json` prints. */
const backup = (restic: Restic, ...args: string[]): BackupSummary =>
  JSON.parse(
    restic
      .run('backup', '--json', ...args)
      .trim()
      .split('\n')
      .at(-1)!,
  ) as BackupSummary

/** Every blob of the repository as often as its index lists it. */
function listedBlobs(restic: Restic): string[] {
  const files = restic.run('list', 'index').trim().split('\n')
  return files.flatMap(file => {
    const { packs } = restic.json<{ packs: { blobs: { id: string; type: string }[] }[] }>('cat', 'index', file)
    return packs.flatMap(({ blobs }) => blobs.map(({ type, id }) => `${type} ${id}`))
  })
}

const repeated = (blobs: readonly string[]) => blobs.filter((blob, i) => blobs.indexOf(blob) !== i)

const count = (blobs: readonly string[], type: string) => blobs.filter(blob => blob.startsWith(type)).length

const save = (
  vault: Vault,
  inPoint: string,
  folder: string,
  like?: { snapshot: Awaited<ReturnType<Vault['findSnapshot']>>; path: string },
) =>
  vault.withUploader({}, async uploader => {
    await uploader.saveFolder(inPoint, folder, like ? { like } : {})
    return uploader.publish({ ...details, paths: [folder], time: new Date() })
  })

// Times are stored with the zone of who writes; a zone with summer time shows that both take the same.
const zone = 'Europe/Berlin'

describe.skipIf(skipsInterop)('one folder saved by both', () => {
  const scratch = scratchFolderLater()
  const source = path.join(scratch.path, 'source')
  const inPoint = source.slice(1)
  const zoneBefore = process.env.TZ
  beforeAll(() => {
    scratch.make()
    process.env.TZ = zone
    makeSource(source)
  })
  afterAll(() => {
    if (zoneBefore === undefined) delete process.env.TZ
    else process.env.TZ = zoneBefore
    scratch[Symbol.dispose]()
  })

  const subtree = async (vault: Vault, id: string): Promise<TreeNode> =>
    (await vault.findNode(await vault.findSnapshot(id), inPoint))!

  it('is stored once if restic comes after us', async () => {
    const restic = new Restic(path.join(scratch.path, 'ours-first'), { TZ: zone })
    const vault = await newVault(restic.location)
    const ours = await save(vault, inPoint, source)
    const before = listedBlobs(restic)
    const summary = backup(restic, '--host', 'their-host', source)
    expect(summary.data_blobs).toBe(0)
    expect(ours.summary).toMatchObject({
      totalFilesProcessed: summary.total_files_processed,
      totalBytesProcessed: summary.total_bytes_processed,
    })
    expect((await subtree(vault, summary.snapshot_id)).subtree).toBe((await subtree(vault, ours.id)).subtree)
    const after = listedBlobs(restic)
    // New are only the folders above, of which ours know nothing but the names.
    expect(after.length - before.length).toBeLessThanOrEqual(inPoint.split('/').length)
    expect(repeated(after)).toEqual([])
    restic.checkEverything()
    await vault.close()
  })

  it('is stored once if we come after restic', async () => {
    const restic = new Restic(path.join(scratch.path, 'theirs-first'), { TZ: zone })
    restic.run('init')
    const theirs = backup(restic, source)
    const before = listedBlobs(restic)
    const vault = await openVault(openStorage(restic.location), { password })
    const ours = await save(vault, inPoint, source)
    expect((await subtree(vault, ours.id)).subtree).toBe((await subtree(vault, theirs.snapshot_id)).subtree)
    const after = listedBlobs(restic)
    expect(count(after, 'data')).toBe(count(before, 'data'))
    expect(after.length - before.length).toBeLessThanOrEqual(inPoint.split('/').length)
    expect(repeated(after)).toEqual([])
    restic.checkEverything()
    await vault.close()
  })

  it('is not read again by restic where it takes our point for its parent', async () => {
    const restic = new Restic(path.join(scratch.path, 'parent'), { TZ: zone })
    const vault = await newVault(restic.location)
    const ours = await save(vault, inPoint, source)
    fs.writeFileSync(path.join(source, 'many/file 7'), 'something else')
    const summary = backup(restic, '--parent', ours.id, source)
    expect(summary).toMatchObject({ files_new: 0, files_changed: 1 })
    expect(summary.files_unmodified).toBeGreaterThan(400)
    await vault.close()
  })

  it("is not read again by us where restic's point is the earlier one", async () => {
    const restic = new Restic(path.join(scratch.path, 'like'), { TZ: zone })
    restic.run('init')
    backup(restic, source)
    const vault = await openVault(openStorage(restic.location), { password })
    const snapshot = await vault.findSnapshot('latest')
    fs.writeFileSync(path.join(source, 'many/file 8'), 'something else again')
    const ours = await save(vault, inPoint, source, { snapshot, path: inPoint })
    expect(ours.summary).toMatchObject({ filesNew: 0, filesChanged: 1 })
    expect(await vault.compareFolder(ours, inPoint, source, {}, {})).toEqual([])
    restic.checkEverything()
    await vault.close()
  })

  it('is stored once in a repository of version 1 too, where nothing is compressed', async () => {
    const restic = new Restic(path.join(scratch.path, 'version-1'), { TZ: zone })
    restic.run('init', '--repository-version', '1')
    backup(restic, source)
    const before = listedBlobs(restic)
    const vault = await openVault(openStorage(restic.location), { password })
    fs.writeFileSync(path.join(source, 'many/file 9'), 'new in this version')
    const ours = await save(vault, inPoint, source)
    const after = listedBlobs(restic)
    expect(count(after, 'data') - count(before, 'data')).toBe(1)
    expect(repeated(after)).toEqual([])
    restic.checkEverything()
    const target = path.join(scratch.path, 'from-version-1')
    restic.run('restore', ours.id, '--target', target, '--verify')
    expect(fs.readFileSync(path.join(target, inPoint, 'many/file 9'), 'utf8')).toBe('new in this version')
    await vault.close()
  })

  it('at the same time leaves a vault in which all is well', async () => {
    const restic = new Restic(path.join(scratch.path, 'together'), { TZ: zone })
    const vault = await newVault(restic.location)
    const backingUp = restic.start('backup', source)
    const ended = new Promise<number | null>(resolve => backingUp.on('close', resolve))
    await Promise.all([save(vault, inPoint, source), ended])
    expect(await ended).toBe(0)
    expect(restic.run('check', '--read-data')).toContain('no errors were found')
    expect(
      (await vault.check({ readData: true }, {})).problems.filter(({ severity }) => severity === 'damage'),
    ).toEqual([])
    for (const snapshot of await vault.listSnapshots())
      expect(await vault.compareFolder(snapshot, inPoint, source, {}, {})).toEqual([])
    await vault.close()
  })
})

describe.skipIf(skipsInterop)('a large file that changes in the middle', () => {
  it('costs only the chunks around the change, whoever saved it before', async () => {
    using scratch = scratchFolder()
    const source = path.join(scratch.path, 'source')
    fs.mkdirSync(source)
    const bytes = fixedBytes(40_000_000, 5)
    const restic = new Restic(path.join(scratch.path, 'vault'))
    const vault = await newVault(restic.location)
    const costs: number[] = []
    for (const [i, writer] of ['us', 'restic', 'us', 'restic'].entries()) {
      fs.writeFileSync(
        path.join(source, 'large'),
        Buffer.concat([bytes.subarray(0, 20_000_000), Buffer.from(`change ${i}`), bytes.subarray(20_000_000)]),
      )
      const before = count(listedOrNone(restic), 'data')
      if (writer === 'us') await save(vault, 'source', source)
      else backup(restic, source)
      costs.push(count(listedOrNone(restic), 'data') - before)
    }
    expect(costs[0]).toBeGreaterThan(10)
    expect(Math.max(...costs.slice(1))).toBeLessThanOrEqual(3)
    await vault.close()
  })
})

const listedOrNone = (restic: Restic) => (restic.run('list', 'index').trim() === '' ? [] : listedBlobs(restic))
