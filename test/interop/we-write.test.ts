import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listFolderIndependently } from '../../vault/files/testing/folder-listing.ts'
import type { Snapshot, Vault } from '../../vault/index.ts'
import { fixedBytes, makeSource } from './folders.ts'
import { password, Restic, scratchFolderLater, skipsInterop } from './restic.ts'
import { details, entriesOf, newVault, piecesOf } from './vault.ts'

/** Lines of the listings that are not the same; restic makes no further names of symlinks. */
function differingLines(found: string, expected: string): string[] {
  const lines = new Set(listFolderIndependently(found))
  return listFolderIndependently(expected).filter(line => !lines.has(line) && !line.startsWith('links/dangling'))
}

describe.skipIf(skipsInterop)('a vault that we wrote', () => {
  const scratch = scratchFolderLater()
  const source = path.join(scratch.path, 'source')
  const restic = new Restic(path.join(scratch.path, 'vault'))
  let vault: Vault
  let snapshot: Snapshot
  const stream = fixedBytes(7_000_000, 9)
  beforeAll(async () => {
    scratch.make()
    makeSource(source)
    vault = await newVault(restic.location)
    snapshot = await vault.withUploader({}, async uploader => {
      await uploader.saveFolder('volumes/data', source)
      await uploader.saveFile('config/one file', path.join(source, 'third'))
      await uploader.saveEntries('copied', entriesOf(source))
      await uploader.saveFolder('blocks/folder', source, { blockBytes: 32 * 1024 })
      await uploader.saveEntries('blocks/entries', entriesOf(source), { blockBytes: 32 * 1024 })
      await uploader.saveStream('databases/dump', piecesOf(stream), 0o640)
      await uploader.saveStream('empty', piecesOf(Buffer.alloc(0)))
      return uploader.publish({ ...details, tags: ['a', 'b c'], paths: ['/project'] })
    })
  })
  afterAll(async () => {
    await vault?.close()
    scratch[Symbol.dispose]()
  })

  it("has nothing that restic's check finds in any byte of it", () => {
    restic.checkEverything()
  })

  it('is restored by restic: every name, byte, owner, mode, time, attribute and link', () => {
    const target = path.join(scratch.path, 'target')
    restic.run('restore', snapshot.id, '--target', target, '--verify')
    expect(differingLines(path.join(target, 'volumes/data'), source)).toEqual([])
    // Saved entry by entry, as it comes from a container, it is the same.
    expect(differingLines(path.join(target, 'copied'), source)).toEqual([])
    // Cut into blocks too.
    expect(differingLines(path.join(target, 'blocks/folder'), source)).toEqual([])
    expect(differingLines(path.join(target, 'blocks/entries'), source)).toEqual([])
    expect(fs.readFileSync(path.join(target, 'databases/dump')).equals(stream)).toBe(true)
    expect(fs.statSync(path.join(target, 'databases/dump')).mode & 0o7777).toBe(0o640)
    expect(fs.statSync(path.join(target, 'empty')).size).toBe(0)
  })

  it('gives single files to restic', () => {
    expect(restic.run('dump', snapshot.id, '/config/one file')).toBe('one file with three names')
    expect(restic.run('ls', snapshot.id, '/volumes')).toContain('/volumes/data')
  })

  it('shows its point as we meant it', () => {
    const [shown] = restic.json<Record<string, unknown>[]>('snapshots')
    expect(shown).toMatchObject({
      id: snapshot.id,
      hostname: details.hostname,
      username: details.username,
      tags: ['a', 'b c'],
      paths: ['/project'],
      program_version: details.programVersion,
    })
    expect(new Date(shown!['time'] as string)).toEqual(details.time)
  })

  it("has trees that are restic's own, byte for byte: it can rewrite them", () => {
    const said = restic.run('rewrite', '--exclude', 'large', snapshot.id)
    expect(said).toContain('saved new snapshot')
    restic.checkEverything()
  })

  it('can be copied, pruned, repaired and its index rebuilt by restic, and is still ours to read', async () => {
    const copy = new Restic(path.join(scratch.path, 'copy'), { RESTIC_FROM_PASSWORD: password })
    copy.run('init', '--from-repo', restic.location, '--copy-chunker-params')
    copy.run('copy', '--from-repo', restic.location, snapshot.id)
    copy.checkEverything()
    expect(restic.run('prune', '--max-unused', '0')).not.toMatch(/error/i)
    restic.run('repair', 'index', '--read-all-packs')
    restic.checkEverything()
    expect((await vault.check({ readData: true }, {})).problems).toEqual([])
    expect(await vault.compareFolder(snapshot, 'volumes/data', source, {}, {})).toEqual([])
  })
})
