import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createVault, openStorage, openVault } from '../../vault/index.ts'
import { fixedBytes } from './folders.ts'
import { password, Restic, scratchFolder, skipsInterop } from './restic.ts'
import { details, newVault } from './vault.ts'

interface Listed {
  readonly id: string
  readonly time: string
  readonly original?: string
}

const sameBut = ({ id, original, ...rest }: Listed & { short_id?: string; parent?: string }) => {
  const { short_id: _short, parent: _parent, ...same } = rest
  return { first: original ?? id, ...same }
}

const scrypt = { N: 1024, r: 8, p: 1 }

describe.skipIf(skipsInterop)('points that are copied', () => {
  it.each(['1', '2'])(
    'out of a repository of restic (version %s) are whole for restic, and those that restic would have copied',
    async version => {
      using scratch = scratchFolder()
      const source = path.join(scratch.path, 'source')
      fs.mkdirSync(path.join(source, 'sub'), { recursive: true })
      fs.writeFileSync(path.join(source, 'a'), fixedBytes(3_000_000, 1))
      fs.writeFileSync(path.join(source, 'sub', 'text'), 'all work and no play '.repeat(50_000))
      fs.writeFileSync(path.join(source, 'empty'), '')
      const theirs = new Restic(path.join(scratch.path, 'theirs'), { RESTIC_FROM_PASSWORD: password })
      theirs.run('init', '--repository-version', version)
      theirs.run('backup', '--tag', 'one', source)
      fs.writeFileSync(path.join(source, 'b'), 'new')
      theirs.run('backup', '--exclude', '*.o', source)
      const ours = new Restic(path.join(scratch.path, 'ours'), { RESTIC_FROM_PASSWORD: password })
      const from = await openVault(openStorage(theirs.location), { password })
      const to = await createVault(openStorage(ours.location), { password, username: 'u', scrypt }, from)
      expect(to.cutsLike(from)).toBe(true)
      const { copied } = await from.copyTo(to, await from.listSnapshots(), {})
      expect(copied).toHaveLength(2)
      ours.checkEverything()
      const [here, there] = [ours.json<Listed[]>('snapshots'), theirs.json<Listed[]>('snapshots')]
      expect(here.map(sameBut)).toEqual(there.map(sameBut))
      const target = path.join(scratch.path, 'target')
      ours.run('restore', 'latest', '--target', target)
      expect(fs.readFileSync(path.join(target, source, 'a')).equals(fixedBytes(3_000_000, 1))).toBe(true)
      // Neither restic nor we copy them again, in either direction.
      ours.run('copy', '--from-repo', theirs.location)
      theirs.run('copy', '--from-repo', ours.location)
      expect(ours.json<Listed[]>('snapshots')).toHaveLength(2)
      expect(theirs.json<Listed[]>('snapshots')).toHaveLength(2)
      // The same content cut anew adds no contents.
      const again = ours.run('backup', source, '--json').trim().split('\n').at(-1)!
      expect((JSON.parse(again) as { data_blobs: number }).data_blobs).toBe(0)
      await Promise.all([from.close(), to.close()])
    },
  )

  it('by restic, out of a vault of ours, are found to be there already', async () => {
    using scratch = scratchFolder()
    const ours = await newVault(path.join(scratch.path, 'ours'))
    await ours.withUploader({}, async uploader => {
      await uploader.saveStream(
        'stream',
        (async function* () {
          yield fixedBytes(100_000, 2)
        })(),
      )
      await uploader.publish({ ...details, tags: ['a', 'b'] })
    })
    const theirs = new Restic(path.join(scratch.path, 'theirs'), { RESTIC_FROM_PASSWORD: password })
    theirs.run('init')
    theirs.run('copy', '--from-repo', ours.location)
    const there = await openVault(openStorage(theirs.location), { password })
    for (const [from, to] of [
      [ours, there],
      [there, ours],
    ] as const)
      expect(await from.copyTo(to, await from.listSnapshots(), {})).toMatchObject({
        copied: [],
        present: [{}],
        blobs: 0,
      })
    expect(ours.cutsLike(there)).toBe(false)
    await Promise.all([ours.close(), there.close()])
  })
})
