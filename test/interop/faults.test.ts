import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createVault, openStorage, openVault, type Storage, type Vault } from '../../vault/index.ts'
import { RetryingStorage, retryTiming } from '../../vault/storage/retrying.ts'
import { parseSftpLocation } from '../../vault/storage/sftp/location.ts'
import { SftpStorage } from '../../vault/storage/sftp/sftp.ts'
import { startFaultProxy, type FaultProxy, type HttpFault } from '../../vault/storage/testing/fault-proxy.ts'
import { startFaultyWire, type FaultyWire } from '../../vault/storage/testing/faulty-wire.ts'
import { startRestServer, type RestServer } from '../../vault/storage/testing/rest-server.ts'
import { lacks } from '../../vault/storage/testing/server-process.ts'
import { lacksSshd, startSshd, type Sshd } from '../../vault/storage/testing/sshd.ts'
import { password, Restic, scratchFolderLater, skipsInterop } from './restic.ts'
import { details } from './vault.ts'

// From end to end behind a bad connection: a backup, a restore and a check, and restic judges what lies on the server.

const scratch = scratchFolderLater()
const source = path.join(scratch.path, 'source')
const sizes = [3_000_000, 9_000_000, 100_000, 9_000_000, 20]
beforeAll(() => {
  scratch.make()
  fs.mkdirSync(path.join(source, 'inside'), { recursive: true })
  for (const [i, size] of sizes.entries()) fs.writeFileSync(path.join(source, 'inside', `${i}`), randomBytes(size))
})
afterAll(() => scratch[Symbol.dispose]())

/** Waits are short; what is waited for is told. */
const quickly = (storage: Storage, onWarning: () => void) =>
  new RetryingStorage(storage, {
    onWarning,
    timing: { ...retryTiming, firstWaitMs: 5, longestWaitMs: 200, totalMs: 60_000 },
  })

const newKey = { password, username: 'tester', scrypt: { N: 1024, r: 8, p: 1 } }

const backup = (vault: Vault) =>
  vault.withUploader({}, async uploader => {
    await uploader.saveFolder('folder', source)
    return uploader.publish({ ...details, time: new Date() })
  })

let restores = 0
async function restore(vault: Vault): Promise<void> {
  const target = path.join(scratch.path, `restored-${restores++}`)
  await vault.restoreFolder(await vault.findSnapshot('latest'), 'folder', target, { fsync: false }, {})
  for (const i of sizes.keys())
    expect(
      fs.readFileSync(path.join(target, 'inside', `${i}`)).equals(fs.readFileSync(path.join(source, 'inside', `${i}`))),
    ).toBe(true)
  fs.rmSync(target, { recursive: true })
}

const check = async (vault: Vault) => expect((await vault.check({ readData: true }, {})).problems).toEqual([])

/** What lies in a folder of the server is whole and tidy for restic, and has so many points. */
function judge(folder: string, points: number): void {
  const restic = new Restic(folder)
  expect(restic.run('check', '--read-data')).toContain('no errors were found')
  expect(restic.json<unknown[]>('snapshots')).toHaveLength(points)
  expect(fs.readdirSync(path.join(folder, 'locks'))).toEqual([])
}

describe.skipIf(skipsInterop || lacksSshd)('a vault on an sftp server behind a bad connection', () => {
  let sshd: Sshd
  let wire: FaultyWire
  let count = 0
  beforeAll(async () => void (sshd = await startSshd()))
  afterAll(() => sshd[Symbol.asyncDispose]())
  beforeEach(async () => void (wire = await startFaultyWire(sshd.port)))
  afterEach(() => wire[Symbol.asyncDispose]())

  async function newVault() {
    const folder = path.join(sshd.folder, `vault-${count++}`)
    let failures = 0
    const env = await sshd.env(wire.port)
    const storage = new SftpStorage(parseSftpLocation(`sftp:vaulthost:${folder}`), {
      env,
      connectMs: 20_000,
      stallMs: 3000,
    })
    const vault = await createVault(
      quickly(storage, () => {
        if (++failures >= 2) wire.heal()
      }),
      newKey,
    )
    return { vault, folder, failures: () => failures }
  }

  it('loses nothing in a backup, a restore and a check while connections are cut again and again', async () => {
    const { vault, folder, failures } = await newVault()
    let told = 0
    for (const [direction, act] of [
      ['up', backup],
      ['down', restore],
      ['down', check],
    ] as const) {
      wire.cutAfter(direction, 2_000_000)
      await act(vault)
      expect(failures()).toBeGreaterThan(told)
      told = failures()
      wire.heal()
    }
    await vault.close()
    judge(folder, 1)
  })

  it('loses nothing when the connection falls silent in the middle', async () => {
    const { vault, folder, failures } = await newVault()
    const saving = backup(vault)
    while (fs.globSync(path.join(folder, 'data/*/*')).length === 0)
      await new Promise(resolve => void setTimeout(resolve, 5))
    wire.stall()
    await saving
    expect(failures()).toBeGreaterThan(0)
    await restore(vault)
    await vault.close()
    judge(folder, 1)
  })
})

describe.skipIf(skipsInterop || lacks('rest-server'))('a vault on a REST server behind a bad connection', () => {
  let server: RestServer
  let proxy: FaultProxy
  let count = 0
  beforeAll(async () => {
    fs.mkdirSync(path.join(scratch.path, 'rest'))
    server = await startRestServer(path.join(scratch.path, 'rest'))
    proxy = await startFaultProxy(server.port)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  const place = () => {
    const name = `vault-${count++}`
    proxy.fault = () => undefined
    const storage = quickly(openStorage(`rest:${proxy.url}/${name}/`), () => {})
    return { folder: path.join(scratch.path, 'rest', name), storage }
  }

  const faults: HttpFault[] = [
    { kind: 'answer', status: 500 },
    { kind: 'answer', status: 503 },
    { kind: 'answer', status: 429 },
    { kind: 'cut-request', afterBytes: 0 },
    { kind: 'cut-request', afterBytes: 100_000 },
    { kind: 'lose-answer' },
    { kind: 'cut-answer', afterBytes: 0 },
    { kind: 'cut-answer', afterBytes: 10 },
    { kind: 'cut-answer', afterBytes: 100_000 },
    { kind: 'shorten-answer', toBytes: 20 },
  ]

  it('loses nothing in a backup, a restore and a check while every other request fails in another way', async () => {
    const { folder, storage } = place()
    const vault = await createVault(storage, newKey)
    let asked = 0
    // A listing that is cut short looks whole: that is for the server's own length to say.
    proxy.fault = ({ url }) => {
      const fault = asked++ % 2 === 0 ? faults[((asked / 2) % faults.length) | 0] : undefined
      return fault?.kind === 'shorten-answer' && !url.includes('/data/') ? undefined : fault
    }
    for (const act of [backup, restore, check]) await act(vault)
    expect(asked).toBeGreaterThan(2 * faults.length)
    proxy.fault = () => undefined
    await vault.close()
    judge(folder, 1)
  })

  it('says what is refused, and leaves no point and no lock', async () => {
    const { folder, storage } = place()
    const vault = await createVault(storage, newKey)
    proxy.fault = ({ method, url }) =>
      method === 'POST' && url.includes('/data/') ? { kind: 'answer', status: 403 } : undefined
    await expect(backup(vault)).rejects.toMatchObject({
      code: 'storage-failed',
      transient: false,
      message: expect.stringContaining('403') as string,
    })
    await vault.close()
    judge(folder, 0)
  })

  it('goes on where a backup stopped whose connection was lost: what an index lists is not sent again', async () => {
    const { folder, storage } = place()
    const packs = () => fs.globSync(path.join(folder, 'data/*/*'))
    const lost = await createVault(new RetryingStorage(storage, { timing: { ...retryTiming, totalMs: 0 } }), newKey)
    // Index files are written every ten minutes: the clock moves on once the first pack is there.
    let moved = 0
    const now = () => {
      const time = Date.now() + moved
      if (packs().length > 0) moved = 11 * 60_000
      return time
    }
    proxy.fault = ({ url }) => {
      if (url.includes('/index/') && fs.readdirSync(path.join(folder, 'index')).length > 0)
        return { kind: 'answer', status: 403 }
      return undefined
    }
    const big = path.join(scratch.path, 'big')
    fs.mkdirSync(big)
    for (let i = 0; i < 6; i++) fs.writeFileSync(path.join(big, `${i}`), randomBytes(9_000_000))
    const saveBig = (vault: Vault, run: { now?: () => number }) =>
      vault.withUploader(run, async uploader => {
        await uploader.saveFolder('folder', big)
        return uploader.publish({ ...details, time: new Date() })
      })
    await expect(saveBig(lost, { now })).rejects.toMatchObject({ code: 'storage-failed' })
    const stored = new Set(packs())
    expect(stored.size).toBeGreaterThan(0)

    proxy.fault = () => undefined
    const vault = await openVault(storage, { password })
    const point = await saveBig(vault, {})
    expect(point.summary!.dataAddedPacked).toBeLessThan(54_000_000 - 15_000_000)
    expect(
      (await vault.check({ readData: true }, {})).problems.filter(({ severity }) => severity === 'damage'),
    ).toEqual([])
    await vault.close()
    judge(folder, 1)
  })
})
