import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage, openVault } from '../../vault/index.ts'
import { memoryFolder } from '../../vault/storage/testing/memory-folder.ts'
import { fixedBytes } from './folders.ts'
import { lacksServers, remotes, type Remote } from './remotes.ts'
import { password, Restic, skipsInterop } from './restic.ts'
import { details, newVault } from './vault.ts'

describe.skipIf(skipsInterop || lacksServers).each(remotes)('in %s', (_, openRemote) => {
  let folder: string
  let remote: Remote
  let source: string
  let restic: Restic
  const open = () => openVault(openStorage(remote.location, { env: { ...process.env, ...remote.env } }), { password })
  beforeAll(async () => {
    folder = memoryFolder('remote')
    source = path.join(folder, 'source')
    fs.mkdirSync(path.join(source, 'inside'), { recursive: true })
    for (let i = 0; i < 12; i++) fs.writeFileSync(path.join(source, 'inside', `${i}`), fixedBytes(300_000, i))
    fs.mkdirSync(path.join(folder, 'served'))
    remote = await openRemote(path.join(folder, 'served'))
    restic = new Restic(remote.location, remote.env, remote.resticOptions)
    Object.assign(process.env, remote.env)
  })
  afterAll(async () => {
    await remote[Symbol.asyncDispose]()
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const same = (restored: string) => {
    for (let i = 0; i < 12; i++)
      expect(fs.readFileSync(path.join(restored, 'inside', `${i}`)).equals(fixedBytes(300_000, i))).toBe(true)
  }

  it('restic checks and restores what we wrote', async () => {
    const vault = await newVault(remote.location)
    await vault.withUploader({}, async save => {
      await save.saveFolder('ours', source)
      return save.publish(details)
    })
    await vault.close()
    restic.checkEverything()
    const target = path.join(folder, randomUUID())
    restic.run('restore', 'latest', '--target', target)
    same(path.join(target, 'ours'))
  })

  it('we check and restore what restic wrote', async () => {
    restic.run('backup', '--tag', 'theirs', source)
    const vault = await open()
    const point = await vault.findSnapshot('latest', ({ tags }) => tags.includes('theirs'))
    const target = path.join(folder, randomUUID())
    await vault.restoreFolder(point, source.slice(1), target, {}, {})
    same(target)
    const { problems } = await vault.check({ readData: true }, {})
    expect(problems.filter(({ severity }) => severity === 'damage')).toEqual([])
    await vault.close()
  })
})
