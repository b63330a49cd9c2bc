import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf } from '../format/id.ts'
import { HttpAgentClient } from './http-agent.ts'
import { patience } from './http-client.ts'
import { parseRestLocation } from './rest-location.ts'
import { RestStorage } from './rest.ts'
import { parseS3Location } from './s3-location.ts'
import { S3Storage } from './s3.ts'
import { parseSftpLocation } from './sftp/location.ts'
import { SftpStorage } from './sftp/sftp.ts'
import type { Storage } from './storage.ts'
import { startRestServer, type RestServer } from './testing/rest-server.ts'
import { s3Keys, startS3Server, type S3Server } from './testing/s3-server.ts'
import { lacks } from './testing/server-process.ts'
import { lacksSshd, startSshd, type Sshd } from './testing/sshd.ts'
import { Throttle, type Throttles } from './throttle.ts'

/** Time that passes by waiting alone: pauses end in the order of their times. */
function fakeTime() {
  let now = 0
  let last = Promise.resolve()
  const pause = (ms: number) => {
    const end = now + ms
    return (last = last.then(() => void (now = Math.max(now, end))))
  }
  return { now: () => now, pause }
}

describe('a throttle', () => {
  it('lets through no more than its rate, however many use it together, and wastes no time', async () => {
    const asked = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 2, maxLength: 50 })
    await fc.assert(
      fc.asyncProperty(asked, async amounts => {
        const time = fakeTime()
        const throttle = new Throttle(100, time)
        await Promise.all(amounts.map(bytes => throttle.take(bytes)))
        const before = amounts.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0)
        expect(time.now()).toBeCloseTo((before / (100 * 1024)) * 1000, 3)
      }),
    )
  })

  it('does not save up what was not used', async () => {
    let now = 0
    const waits: number[] = []
    const throttle = new Throttle(1, { now: () => now, pause: async ms => void waits.push(ms) })
    await throttle.take(1024)
    now = 3_600_000
    await throttle.take(1024)
    await throttle.take(1024)
    expect(waits).toEqual([1000])
  })
})

describe.skipIf(lacksSshd || lacks('rest-server'))('a storage with limits', () => {
  let folder: string
  let sshd: Sshd
  let rest: RestServer
  let s3: S3Server
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'aidatavault-limits-'))
    for (const name of ['rest', 's3']) await mkdir(path.join(folder, name))
    const [atRest, atS3] = ['rest', 's3'].map(name => path.join(folder, name)) as [string, string]
    ;[sshd, rest, s3] = await Promise.all([startSshd(), startRestServer(atRest), startS3Server(atS3)])
  })
  afterAll(async () => {
    for (const server of [sshd, rest, s3]) await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const kinds: [string, (throttles: Throttles) => Promise<Storage>][] = [
    [
      'sftp',
      async throttles =>
        new SftpStorage(parseSftpLocation(`sftp:vaulthost:${sshd.folder}/vault`), { env: await sshd.env(), throttles }),
    ],
    [
      'rest',
      async throttles => {
        const { location, server, base } = parseRestLocation(`rest:${rest.url}/vault/`, {})
        return new RestStorage(location, new HttpAgentClient(server, patience, throttles), base)
      },
    ],
    [
      's3',
      async throttles => new S3Storage(parseS3Location(`s3:${s3.url}/limits`, s3Keys), s3Keys, patience, throttles),
    ],
  ]

  it.each(kinds)('%s: sends and receives at the rates that are given, and the same bytes', async (_, open) => {
    const [up, down] = [fakeTime(), fakeTime()]
    const storage = await open({ upload: new Throttle(100, up), download: new Throttle(50, down) })
    await storage.prepare()
    const bytes = randomBytes(1_000_000)
    await storage.save('data', idOf(bytes), bytes)
    const seconds = bytes.length / 1024 / 100
    expect(up.now() / 1000).toBeGreaterThan(seconds * 0.9)
    expect(up.now() / 1000).toBeLessThan(seconds * 1.1)
    const before = down.now()
    expect((await storage.load('data', idOf(bytes))).equals(bytes)).toBe(true)
    expect((down.now() - before) / 1000).toBeGreaterThan(seconds * 2 * 0.9)
    expect((down.now() - before) / 1000).toBeLessThan(seconds * 2 * 1.1)
    await storage.close?.()
  })
})
