import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCertificate } from '../../../vault/storage/testing/certificate.ts'
import { deliver, type DeliveryTiming } from './deliver.ts'
import { HttpReceiver, type Reply } from './testing/http-receiver.ts'
import { webhookChannel } from './webhook.ts'

const message = { event: 'failure', title: 'a title', body: 'a body', facts: {} } as const
// Quick where a fault is, and patient with a busy machine where there is none.
const timing: DeliveryTiming = { attempts: 3, attemptMs: 20_000, firstWaitMs: 1, totalMs: 20_000 }
const hasty: DeliveryTiming = { ...timing, attemptMs: 200 }
const nothing = new AbortController().signal

describe('a message on a bad way', () => {
  let receiver: HttpReceiver
  beforeAll(async () => void (receiver = await HttpReceiver.start()))
  afterAll(() => receiver[Symbol.asyncDispose]())
  beforeEach(() => void (receiver.received.length = 0))

  const send = (replies: Reply[], how = timing, signal = nothing, url = receiver.url('/hook/s3cr3t')) => {
    receiver.replies = replies
    const channel = webhookChannel('hook', url, undefined)
    return deliver(each => channel.send(message, each), signal, how)
  }

  it.each<[string, Reply]>([
    ['breaks', { status: 500 }],
    ['is overloaded', { status: 503, headers: { 'retry-after': '0' } }],
    ['counts messages', { status: 429, body: '{"retry_after": 0.002}' }],
    ['cuts the connection', 'cut'],
  ])('arrives at a service that %s at first', async (_, reply) => {
    await send([reply, { status: 200 }])
    expect(receiver.received).toHaveLength(2)
  })

  it('arrives at a service that hangs at first', async () => {
    await send(['hang', { status: 200 }], hasty)
    expect(receiver.received).toHaveLength(2)
  })

  it.each<[string, Reply, string, number]>([
    ['stays broken', { status: 500, body: '<html>oh</html>' }, 'it says 500', 3],
    ['refuses it', { status: 400, body: '{"description":"chat not found"}' }, 'it says 400 (chat not found)', 1],
    ['has taken the webhook away', { status: 404, body: 'no_service\n' }, 'it says 404 (no_service)', 1],
    ['always cuts the connection', 'cut', 'the connection was cut', 3],
  ])('ends in a clear error where a service %s', async (_, reply, said, tries) => {
    const sent = send([reply])
    await expect(sent).rejects.toThrow(`127.0.0.1:${receiver.port}: ${said}`)
    await expect(sent).rejects.toMatchObject({ code: 'notification-failed', hint: expect.any(String) as string })
    await expect(sent).rejects.not.toThrow(/s3cr3t|html/)
    expect(receiver.received).toHaveLength(tries)
  })

  it('ends in a clear error where a service always hangs', async () => {
    await expect(send(['hang'], { ...hasty, attempts: 2 })).rejects.toThrow('it does not answer')
    expect(receiver.received).toHaveLength(2)
  })

  it('waits as long as the service says, and does not begin to where that is too long', async () => {
    const telegram: Reply = { status: 429, body: '{"ok":false,"parameters":{"retry_after":3600}}' }
    await expect(send([telegram])).rejects.toThrow('it says 429')
    expect(receiver.received).toHaveLength(1)
    const began = performance.now()
    await send([{ status: 429, headers: { 'retry-after': '0.05' } }, { status: 200 }])
    expect(performance.now() - began).toBeGreaterThanOrEqual(49)
  })

  it('ends in a clear error where nothing listens, and where the certificate is not trusted', async () => {
    const gone = await HttpReceiver.start()
    const url = gone.url('/')
    await gone[Symbol.asyncDispose]()
    await expect(send([{ status: 200 }], timing, nothing, url)).rejects.toThrow('nothing listens there')
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-notify-'))
    const { certificate, key } = makeCertificate(folder)
    await using secure = await HttpReceiver.start({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate) })
    fs.rmSync(folder, { recursive: true })
    await expect(send([{ status: 200 }], timing, nothing, secure.url())).rejects.toThrow(
      'its certificate is not trusted',
    )
    const plain = new URL(receiver.url().href.replace('http:', 'https:'))
    await expect(send([{ status: 200 }], timing, nothing, plain)).rejects.toThrow('no TLS connection can be made')
  })

  it('is given up at once when the run is to stop, under way or waiting', async () => {
    const stop = new AbortController()
    const sent = send(['hang'], timing, stop.signal)
    await expect.poll(() => receiver.received.length).toBe(1)
    stop.abort()
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' })
    const later = new AbortController()
    const waiting = send([{ status: 500 }], { ...timing, firstWaitMs: 15_000 }, later.signal)
    await expect.poll(() => receiver.received.length).toBe(2)
    later.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})
