import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openStorage, openVault } from '../../vault/index.ts'
import { fixedBytes } from './folders.ts'
import { password, Restic, scratchFolder, skipsInterop } from './restic.ts'
import { details, newVault, piecesOf } from './vault.ts'

const locksIn = (location: string) =>
  fs.readdirSync(path.join(location, 'locks')).filter(name => /^[0-9a-f]{64}$/.test(name))

/** Looks until something is so; gives up after a minute. */
async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    if (tries > 1200) throw new Error('it never came to that')
    await delay(50)
  }
}

describe.skipIf(skipsInterop)('locks', () => {
  it("of an upload of ours keep restic's check out but not its backup, outlive its unlock, and are gone afterwards", async () => {
    using scratch = scratchFolder()
    const restic = new Restic(path.join(scratch.path, 'vault'))
    const vault = await newVault(restic.location)
    const file = path.join(scratch.path, 'file')
    fs.writeFileSync(file, 'x')
    await vault.withUploader({}, async uploader => {
      expect(locksIn(restic.location)).toHaveLength(1)
      expect(restic.try('check').status).toBe(11)
      expect(restic.try('prune').status).toBe(11)
      expect(restic.try('backup', file).status).toBe(0)
      // It asks whether this process lives by sending it a SIGHUP.
      restic.run('unlock')
      expect(locksIn(restic.location)).toHaveLength(1)
      expect(restic.run('list', 'locks').trim()).toBe(locksIn(restic.location)[0])
      await uploader.saveStream('stream', piecesOf(fixedBytes(100_000, 1)))
      await uploader.publish(details)
    })
    expect(locksIn(restic.location)).toEqual([])
    restic.checkEverything()
    await vault.close()
  })

  it("of restic's backup keep our check out but not our upload", async () => {
    using scratch = scratchFolder()
    const restic = new Restic(path.join(scratch.path, 'vault'))
    const vault = await newVault(restic.location)
    const backup = restic.start('backup', '--stdin')
    const ended = once(backup, 'close')
    backup.stdin!.write('begun')
    await until(() => locksIn(restic.location).length > 0)
    await expect(vault.check({ readData: false }, {})).rejects.toMatchObject({ code: 'vault-locked' })
    expect(await vault.listLocks()).toMatchObject([{ pid: backup.pid, exclusive: false, stale: false }])
    expect(await vault.unlock({ all: false })).toEqual([])
    await vault.withUploader({}, async uploader => {
      await uploader.saveStream('stream', piecesOf(fixedBytes(100_000, 1)))
      await uploader.publish(details)
    })
    backup.stdin!.end()
    expect((await ended)[0]).toBe(0)
    expect(await vault.listSnapshots()).toHaveLength(2)
    expect((await vault.check({ readData: true }, {})).problems).toEqual([])
    await vault.close()
  })

  it("of restic's check keep our upload out, which then leaves nothing behind", async () => {
    using scratch = scratchFolder()
    const source = path.join(scratch.path, 'source')
    fs.writeFileSync(source, fixedBytes(3_000_000, 1))
    const restic = new Restic(path.join(scratch.path, 'repository'))
    restic.run('init')
    restic.run('backup', source)
    const vault = await openVault(openStorage(restic.location), { password })
    const check = restic.start('check', '--read-data', '--limit-download', '1')
    const ended = once(check, 'close')
    await until(() => locksIn(restic.location).length > 0)
    const before = fs.readdirSync(restic.location, { recursive: true }).toSorted()
    const uploading = vault.withUploader({}, uploader => uploader.saveStream('stream', piecesOf(Buffer.from('x'))))
    await expect(uploading).rejects.toMatchObject({ code: 'vault-locked' })
    expect(fs.readdirSync(restic.location, { recursive: true }).toSorted()).toEqual(before)
    check.kill('SIGINT')
    await ended
    await vault.close()
  })

  it('that a killed restic has left are stale for us, and removed by our unlock', async () => {
    using scratch = scratchFolder()
    const restic = new Restic(path.join(scratch.path, 'vault'))
    const vault = await newVault(restic.location)
    const backup = restic.start('backup', '--stdin')
    const ended = once(backup, 'close')
    backup.stdin!.on('error', () => undefined)
    await until(() => locksIn(restic.location).length > 0)
    backup.kill('SIGKILL')
    await ended
    expect(await vault.listLocks()).toMatchObject([{ pid: backup.pid, stale: true }])
    expect(await vault.unlock({ all: false })).toHaveLength(1)
    expect(locksIn(restic.location)).toEqual([])
    await vault.close()
  })
})
