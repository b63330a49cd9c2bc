import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listFolderIndependently } from '../../vault/files/testing/folder-listing.ts'
import { openStorage, openVault } from '../../vault/index.ts'
import type { Snapshot, Vault } from '../../vault/index.ts'
import { fixedBytes, makeSource } from './folders.ts'
import { password, Restic, scratchFolder, scratchFolderLater, skipsInterop } from './restic.ts'

/** How restic may have been told to write. */
const ways = {
  'as it does by itself': { init: [], backup: [] },
  'in version 1': { init: ['--repository-version', '1'], backup: [] },
  'without compression': { init: [], backup: ['--compression', 'off'] },
  'with most compression and large packs': { init: [], backup: ['--compression', 'max', '--pack-size', '64'] },
} as const

describe.skipIf(skipsInterop).each(Object.entries(ways))('a repository that restic wrote %s', (_, way) => {
  const scratch = scratchFolderLater()
  const source = path.join(scratch.path, 'source')
  const inPoint = source.slice(1)
  const restic = new Restic(path.join(scratch.path, 'repository'))
  let vault: Vault
  let snapshot: Snapshot
  beforeAll(async () => {
    scratch.make()
    makeSource(source)
    restic.run('init', ...way.init)
    restic.run('backup', ...way.backup, '--tag', 'one,two', '--host', 'their-host', source)
    vault = await openVault(openStorage(restic.location), { password })
    snapshot = await vault.findSnapshot('latest')
  })
  afterAll(async () => {
    await vault?.close()
    scratch[Symbol.dispose]()
  })

  it('shows its points as restic shows them', async () => {
    const [theirs] =
      restic.json<
        { id: string; tree: string; username: string; time: string; summary: { total_bytes_processed: number } }[]
      >('snapshots')
    expect(await vault.listSnapshots()).toHaveLength(1)
    expect(snapshot).toMatchObject({
      id: theirs!.id,
      tree: theirs!.tree,
      username: theirs!.username,
      hostname: 'their-host',
      tags: ['one', 'two'],
      paths: [source],
      time: new Date(theirs!.time),
      summary: { totalBytesProcessed: theirs!.summary.total_bytes_processed },
    })
    expect(vault.id).toBe(restic.json<{ id: string }>('cat', 'config').id)
  })

  it('is restored: every name, byte, owner, mode, time, attribute and link', async () => {
    const target = path.join(scratch.path, 'target')
    const { warnings } = await vault.restoreFolder(snapshot, inPoint, target, {}, {})
    expect(warnings).toEqual([])
    expect(listFolderIndependently(target)).toEqual(listFolderIndependently(source))
    expect(fs.statSync(path.join(target, 'large/zeros')).blocks * 512).toBeLessThan(1_000_000)
  })

  it('is equal to its source for our comparison, and not after one byte changed', async () => {
    expect(await vault.compareFolder(snapshot, inPoint, source, {}, {})).toEqual([])
    const copy = path.join(scratch.path, 'copy')
    execFileSync('cp', ['-a', source, copy])
    const file = fs.openSync(path.join(copy, 'large/random'), 'r+')
    fs.writeSync(file, 'x', 12_345_678)
    fs.closeSync(file)
    const differences = await vault.compareFolder(snapshot, inPoint, copy, { ignore: ['mtime'] }, {})
    expect(differences).toMatchObject([{ path: 'large/random', what: 'content' }])
  })

  it('is equal to itself as a stream of entries', async () => {
    const entries = vault.entries(snapshot, inPoint)
    expect(await vault.compareEntries(snapshot, inPoint, entries, {}, {})).toEqual([])
  })

  it('has nothing that our check finds', async () => {
    const report = await vault.check({ readData: true }, {})
    expect(report.problems).toEqual([])
    expect(report.bytesRead).toBeGreaterThan(30_000_000)
  })

  it('gives single files and folders', async () => {
    const parts: Uint8Array[] = []
    for await (const part of vault.readFile(snapshot, `${inPoint}/large/random`)) parts.push(Buffer.from(part))
    expect(Buffer.concat(parts).equals(fixedBytes(30_000_000, 1))).toBe(true)
    expect((await vault.listFolder(snapshot, `${inPoint}/many`)).length).toBe(400)
    expect(await vault.findNode(snapshot, `${inPoint}/nothing`)).toBeUndefined()
  })
})

describe.skipIf(skipsInterop)('a repository that restic has worked on', () => {
  it('can be read after forget, prune, tag, rewrite, copy and repair', async () => {
    using scratch = scratchFolder()
    const source = path.join(scratch.path, 'source')
    fs.mkdirSync(source)
    const restic = new Restic(path.join(scratch.path, 'repository'))
    restic.run('init')
    for (const seed of [1, 2, 3]) {
      fs.writeFileSync(path.join(source, 'changing'), fixedBytes(5_000_000, seed))
      fs.writeFileSync(path.join(source, `added ${seed}`), fixedBytes(100_000, seed + 10))
      restic.run('backup', source)
    }
    restic.run('tag', '--set', 'kept', 'latest')
    restic.run('forget', '--keep-last', '2', '--prune', '--max-unused', '0')
    restic.run('rewrite', '--forget', '--exclude', 'added 1', 'latest')
    restic.run('repair', 'index')
    const copy = new Restic(path.join(scratch.path, 'copy'), { RESTIC_FROM_PASSWORD: password })
    copy.run('init', '--from-repo', restic.location, '--copy-chunker-params')
    copy.run('copy', '--from-repo', restic.location)
    for (const { location } of [restic, copy]) {
      const vault = await openVault(openStorage(location), { password })
      expect((await vault.check({ readData: true }, {})).problems).toEqual([])
      expect(await vault.listSnapshots()).toHaveLength(2)
      const latest = await vault.findSnapshot('latest')
      expect(latest.tags).toEqual(['kept'])
      const differences = await vault.compareFolder(latest, source.slice(1), source, {}, {})
      expect(differences).toEqual([{ path: 'added 1', what: 'unexpected' }])
      await vault.close()
    }
  })
})
