import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVault, openStorage, openVault, type Vault } from '../../vault/index.ts'
import { lacksSshd, startSshd, type Sshd } from '../../vault/storage/testing/sshd.ts'
import { password, Restic, scratchFolderLater, skipsInterop } from './restic.ts'
import { details } from './vault.ts'

describe.skipIf(skipsInterop || lacksSshd)('a vault on an sftp server', () => {
  const scratch = scratchFolderLater()
  const source = path.join(scratch.path, 'source')
  let sshd: Sshd
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    scratch.make()
    sshd = await startSshd()
    env = await sshd.env()
    fs.mkdirSync(path.join(source, 'inside'), { recursive: true })
    for (let i = 0; i < 20; i++) fs.writeFileSync(path.join(source, 'inside', `${i}`), randomBytes(1_000_000 + i))
    fs.writeFileSync(path.join(source, 'words'), 'hello\n')
  })
  afterAll(async () => {
    await sshd[Symbol.asyncDispose]()
    scratch[Symbol.dispose]()
  })

  const folderOf = (name: string) => path.join(sshd.folder, name)
  const locationOf = (name: string) => `sftp:vaulthost:${folderOf(name)}`
  const resticAt = (name: string) => new Restic(locationOf(name), {}, ['-o', `sftp.command=${sshd.command()}`])
  const storageAt = (name: string) => openStorage(locationOf(name), { env })
  const openAt = (name: string) => openVault(storageAt(name), { password })
  const newAt = (name: string): Promise<Vault> =>
    createVault(storageAt(name), { password, username: 'tester', scrypt: { N: 1024, r: 8, p: 1 } })
  const sameAsSource = (folder: string) => {
    for (const file of ['words', ...Array.from({ length: 20 }, (_, i) => `inside/${i}`)])
      expect(fs.readFileSync(path.join(folder, file)).equals(fs.readFileSync(path.join(source, file)))).toBe(true)
  }

  it('of ours is whole for restic, which reads it and adds to it over the same wire', async () => {
    const vault = await newAt('ours')
    await vault.withUploader({}, async uploader => {
      await uploader.saveFolder('folder', source)
      await uploader.publish(details)
    })
    const restic = resticAt('ours')
    restic.checkEverything()
    restic.run('restore', 'latest', '--target', path.join(scratch.path, 'by-restic'))
    sameAsSource(path.join(scratch.path, 'by-restic', 'folder'))
    restic.run('backup', '--tag', 'theirs', source)
    const points = await vault.listSnapshots()
    expect(points.map(({ tags }) => tags)).toEqual([[], ['theirs']])
    expect((await vault.check({ readData: true }, {})).problems).toEqual([])
    await vault.close()
  })

  it("of restic's is opened, read and checked over the wire", async () => {
    const restic = resticAt('theirs')
    restic.run('init')
    restic.run('backup', source)
    const vault = await openAt('theirs')
    const target = path.join(scratch.path, 'by-us')
    await vault.restoreFolder(await vault.findSnapshot('latest'), source.slice(1), target, { fsync: false }, {})
    sameAsSource(target)
    expect((await vault.check({ readData: true }, {})).problems).toEqual([])
    await vault.close()
  })
})
