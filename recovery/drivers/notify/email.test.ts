import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCertificate } from '../../../vault/storage/testing/certificate.ts'
import { deliver } from './deliver.ts'
import { emailChannel, type MailPlace } from './email.ts'
import { MailReceiver } from './testing/mail-receiver.ts'

const message = { event: 'failure', title: 'shop: backup failed', body: 'line 1\nLine 2: größer', facts: {} } as const
const nothing = new AbortController().signal
const login = { user: 'backup', pass: 's3cr3t' }

describe('mail', () => {
  let receiver: MailReceiver
  let secure: MailReceiver
  beforeAll(async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aidatavault-mail-'))
    const files = makeCertificate(folder)
    const tls = { key: fs.readFileSync(files.key), cert: fs.readFileSync(files.certificate) }
    fs.rmSync(folder, { recursive: true })
    receiver = await MailReceiver.start({ ...tls })
    secure = await MailReceiver.start({ ...tls, secure: true })
    trusted = tls.cert
  })
  let trusted: Buffer
  afterAll(async () => {
    await receiver[Symbol.asyncDispose]()
    await secure[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    receiver.received.length = 0
    receiver.refuse = () => undefined
  })

  const place = (more: Partial<MailPlace> = {}): MailPlace => ({
    ...{ host: '127.0.0.1', port: receiver.port, tls: 'none', login: undefined },
    ...{ from: 'AIDataVault <vault@example.org>', to: ['a@example.org', 'b@example.org'], ...more },
  })
  const send = (more?: Partial<MailPlace>, sent: { title: string; body: string } = message) =>
    emailChannel('mail', place(more)).send({ ...message, ...sent }, nothing)

  it('arrives as plain text in UTF-8, marked as written by a program', async () => {
    await send()
    const [mail] = receiver.received
    expect(mail).toMatchObject({ from: 'vault@example.org', to: ['a@example.org', 'b@example.org'], secure: false })
    expect(mail!.raw).toContain('Subject: shop: backup failed\r\n')
    expect(mail!.raw).toContain('Auto-Submitted: auto-generated\r\n')
    expect(mail!.raw).toContain('Content-Type: text/plain; charset=utf-8\r\n')
    expect(mail!.raw).toContain('line 1\r\nLine 2: gr=C3=B6=C3=9Fer')
  })

  it('has no more headers than we write, whatever a title holds', async () => {
    await send({}, { title: 'bad\r\nBcc: evil@example.org\r\n\r\nhello\u2028x', body: '.\r\nMAIL FROM:<x@y>\r\n' })
    const [mail] = receiver.received
    expect(mail!.to).toEqual(['a@example.org', 'b@example.org'])
    expect(mail!.raw).toContain('Subject: bad Bcc: evil@example.org hello x\r\n')
    expect(mail!.raw).not.toMatch(/^Bcc:/m)
    expect(receiver.received).toHaveLength(1)
  })

  it.each(['starttls', 'always'] as const)(
    'goes with %s, and only to a server whose certificate is trusted',
    async tls => {
      const { port } = tls === 'always' ? secure : receiver
      const sent = send({ tls, port, login })
      await expect(sent).rejects.toThrow(`127.0.0.1:${port}: its certificate is not trusted`)
      await expect(sent).rejects.toMatchObject({ transient: false })
      expect(receiver.received).toEqual([])
    },
  )

  it.each(['starttls', 'always'] as const)('goes encrypted, and with the password, with %s', async tls => {
    const to = tls === 'always' ? secure : receiver
    await emailChannel('mail', { ...place({ tls, login, port: to.port }), trusted }).send(message, nothing)
    expect(to.received).toMatchObject([{ user: 'backup', secure: true }])
  })

  it('is not sent in the clear where the server has no TLS', async () => {
    await using bare = await MailReceiver.start({ disabledCommands: ['STARTTLS'] })
    await expect(send({ tls: 'starttls', port: bare.port, login })).rejects.toThrow('does not offer STARTTLS')
    expect(bare.received).toEqual([])
  })

  it('says that the password is wrong, and not which', async () => {
    const wrong = { user: 'backup', pass: 'hunter2' }
    const sent = emailChannel('mail', { ...place({ tls: 'starttls', login: wrong }), trusted }).send(message, nothing)
    await expect(sent).rejects.toThrow('the mail server does not accept user and password')
    await expect(sent).rejects.not.toThrow('hunter2')
  })

  it('is tried again where the server is busy, and not where it refuses', async () => {
    const busy = Object.assign(new Error('try later'), { responseCode: 451 })
    const refused = Object.assign(new Error('spam'), { responseCode: 554 })
    const answers = [busy, undefined, refused]
    receiver.refuse = () => answers.shift()
    const timing = { attempts: 3, attemptMs: 20_000, firstWaitMs: 1, totalMs: 20_000 }
    const channel = emailChannel('mail', place())
    await deliver(signal => channel.send(message, signal), nothing, timing)
    expect(receiver.received).toHaveLength(2)
    await expect(deliver(signal => channel.send(message, signal), nothing, timing)).rejects.toThrow('says 554 spam')
    expect(receiver.received).toHaveLength(3)
  })

  it('that reaches only some is a failure that names the others', async () => {
    await expect(send({ to: ['a@example.org', 'nobody@example.org'] })).rejects.toThrow(
      'takes no mail for nobody@example.org',
    )
    expect(receiver.received).toMatchObject([{ to: ['a@example.org'] }])
  })

  it('ends in a clear error where nothing listens, and at once where the server hangs and the run is to stop', async () => {
    const silent = net.createServer()
    const listening = Promise.withResolvers<void>()
    silent.listen(0, '127.0.0.1', listening.resolve)
    await listening.promise
    const { port } = silent.address() as AddressInfo
    const stop = new AbortController()
    const connected = Promise.withResolvers<net.Socket>()
    silent.on('connection', connected.resolve)
    const hanging = deliver(signal => emailChannel('mail', place({ port })).send(message, signal), stop.signal)
    const socket = await connected.promise
    stop.abort()
    await expect(hanging).rejects.toMatchObject({ name: 'AbortError' })
    socket.destroy()
    silent.close()
    await expect(send({ port })).rejects.toThrow('nothing listens there')
  })
})
