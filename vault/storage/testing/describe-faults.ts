import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { patience, type HttpPatience } from '../http-client.ts'
import type { Storage } from '../storage.ts'
import { startFaultProxy, type FaultProxy, type HttpFault, type ProxiedRequest } from './fault-proxy.ts'

const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const writes = ({ method }: ProxiedRequest) => method === 'POST' || method === 'PUT'
const reads = ({ method }: ProxiedRequest) => method === 'GET'
const transient = { code: 'storage-failed', transient: true }
const size = 700_000
// For what will never come; everything else may take as long as a busy machine takes.
const impatient: HttpPatience = { ...patience, stallMs: 400 }

/**
 * What every storage that is reached by HTTP does when something goes wrong on the way: nothing false is stored or read,
 * and what may go away by itself is said to be so. `open` gives an empty place behind the proxy's port, once for each
 * patience.
 */
export function describeFaults(
  kind: string,
  serverPort: () => number,
  open: (proxyPort: number, waits: readonly HttpPatience[]) => Storage[],
): void {
  describe(`${kind} storage behind a bad connection`, () => {
    let proxy: FaultProxy
    let storage: Storage
    let hasty: Storage
    beforeAll(async () => void (proxy = await startFaultProxy(serverPort())))
    afterAll(() => proxy[Symbol.asyncDispose]())
    beforeEach(async () => {
      proxy.fault = () => undefined
      const opened = open(proxy.port, [patience, impatient])
      storage = opened[0]!
      hasty = opened[1]!
      await storage.prepare()
    })

    const spoil = (which: (request: ProxiedRequest) => boolean, fault: HttpFault) =>
      void (proxy.fault = request => (which(request) ? fault : undefined))
    const heal = () => void (proxy.fault = () => undefined)
    const bytes = randomBytes(size)
    const name = nameOf(bytes)
    const save = (to = storage) => to.save('data', name, bytes)
    const tried = ({ kind: what }: HttpFault) => (what.startsWith('stall') ? hasty : storage)

    it.each<[string, HttpFault]>([
      ['is cut before the first byte', { kind: 'cut-request', afterBytes: 0 }],
      ['is cut in the middle', { kind: 'cut-request', afterBytes: 300_000 }],
      ['is never answered', { kind: 'stall-request' }],
      ['meets an error of the server', { kind: 'answer', status: 500 }],
      ['meets a server that is busy', { kind: 'answer', status: 503 }],
      ['meets a server that wants fewer requests', { kind: 'answer', status: 429 }],
    ])('says that it may be tried again, and stores nothing, when an upload %s', async (_, fault) => {
      spoil(writes, fault)
      await expect(save(tried(fault))).rejects.toMatchObject(transient)
      heal()
      expect(await storage.list('data')).toEqual([])
      await save()
      expect((await storage.load('data', name)).equals(bytes)).toBe(true)
    })

    it('can make an upload again whose answer was lost', async () => {
      spoil(writes, { kind: 'lose-answer' })
      await expect(save()).rejects.toMatchObject(transient)
      heal()
      await save()
      expect(await storage.list('data')).toEqual([{ name, size }])
      expect((await storage.load('data', name)).equals(bytes)).toBe(true)
    })

    it('can write the config again whose upload was cut', async () => {
      spoil(writes, { kind: 'cut-request', afterBytes: 5 })
      await expect(storage.save('config', '', Buffer.from('a config'))).rejects.toMatchObject(transient)
      heal()
      await storage.save('config', '', Buffer.from('a config'))
      expect((await storage.load('config', '')).toString()).toBe('a config')
    })

    it.each<[string, HttpFault]>([
      ['is cut before the first byte', { kind: 'cut-answer', afterBytes: 0 }],
      ['is cut in the middle', { kind: 'cut-answer', afterBytes: 300_000 }],
      ['stops coming', { kind: 'stall-answer', afterBytes: 300_000 }],
      ['is an error of the server', { kind: 'answer', status: 500 }],
      ['is that the server is busy', { kind: 'answer', status: 503 }],
    ])('says that it may be tried again when an answer %s', async (_, fault) => {
      await save()
      spoil(reads, fault)
      await expect(tried(fault).load('data', name)).rejects.toMatchObject(transient)
      await expect(tried(fault).loadPart('data', name, 50, 600_000)).rejects.toMatchObject(transient)
      heal()
      expect((await storage.loadPart('data', name, 50, 600_000)).equals(bytes.subarray(50, 600_050))).toBe(true)
    })

    it('does not take a part for whole that came short', async () => {
      await save()
      spoil(reads, { kind: 'shorten-answer', toBytes: 400_000 })
      await expect(storage.loadPart('data', name, 50, 600_000)).rejects.toMatchObject(transient)
    })

    it('waits for an answer that comes slowly, as long as it comes', async () => {
      await save()
      spoil(reads, { kind: 'trickle', bytes: 100_000, everyMs: 100 })
      expect((await storage.load('data', name)).equals(bytes)).toBe(true)
    })

    it('says that there is no space left, and does not try that again', async () => {
      spoil(writes, { kind: 'answer', status: 507 })
      await expect(save()).rejects.toMatchObject({ code: 'storage-full', transient: false })
      spoil(writes, {
        kind: 'answer',
        status: 500,
        body: '<Error><Code>InternalError</Code><Message>write: no space left on device</Message></Error>',
      })
      await expect(save()).rejects.toMatchObject({ code: 'storage-full', transient: false })
    })

    it('says what is not allowed, and does not try that again', async () => {
      proxy.fault = () => ({ kind: 'answer', status: 403 })
      const refused = { code: 'storage-failed', transient: false, message: expect.stringContaining('403') as string }
      for (const act of [
        save,
        () => storage.list('data'),
        () => storage.load('data', name),
        () => storage.size('data', name),
      ])
        await expect(act()).rejects.toMatchObject(refused)
    })

    it('works again after a connection was closed while nobody used it', async () => {
      await save()
      await storage.close!()
      expect(await storage.size('data', name)).toBe(size)
    })
  })
}
