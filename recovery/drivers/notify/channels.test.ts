import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Message } from './channel.ts'
import { cutBytes, cutText } from './cut-text.ts'
import { discordBody, discordChannel } from './discord.ts'
import { ntfyChannel } from './ntfy.ts'
import { runUuid, sendPing } from './ping.ts'
import { slackChannel } from './slack.ts'
import { telegramChannel } from './telegram.ts'
import { HttpReceiver } from './testing/http-receiver.ts'
import { webhookChannel } from './webhook.ts'

const message: Message = {
  event: 'failure',
  title: 'shop: backup failed',
  body: '<!channel> @everyone a *bold* _claim_ & <more>',
  facts: { project: 'shop', job: 'backup' },
}
const long: Message = { ...message, title: 'ä'.repeat(400), body: '😀'.repeat(5000) }
const signal = new AbortController().signal

describe('messages to services', () => {
  let receiver: HttpReceiver
  beforeAll(async () => void (receiver = await HttpReceiver.start()))
  afterAll(() => receiver[Symbol.asyncDispose]())
  beforeEach(() => {
    receiver.received.length = 0
    receiver.replies = [{ status: 200, body: 'ok' }]
  })
  const last = () => receiver.received.at(-1)!

  it('reach Slack as blocks of plain text, and its short form calls nobody', async () => {
    const slack = slackChannel('slack', receiver.url('/services/T0/B0/XXXX'))
    await slack.send({ ...message, title: '<!channel> & co' }, signal)
    expect(last()).toMatchObject({ method: 'POST', path: '/services/T0/B0/XXXX' })
    expect(last().headers['content-type']).toBe('application/json')
    expect(receiver.json()).toEqual({
      text: '&lt;!channel&gt; &amp; co',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: '<!channel> & co', emoji: false } },
        { type: 'section', text: { type: 'plain_text', text: message.body, emoji: false } },
      ],
    })
    await slack.send(long, signal)
    const { blocks } = receiver.json() as { blocks: { text: { text: string } }[] }
    expect(blocks.map(({ text: { text } }) => text.length)).toEqual([150, 2999])
  })

  it('reach Discord without markup and without mentions', async () => {
    const discord = discordChannel('discord', receiver.url('/api/webhooks/1/token?thread_id=5'))
    await discord.send(message, signal)
    expect(last().path).toBe('/api/webhooks/1/token?thread_id=5&wait=true')
    expect(receiver.json()).toEqual({
      content: 'shop: backup failed\n\n\\<!channel\\> \\@everyone a \\*bold\\* \\_claim\\_ & \\<more\\>',
      allowed_mentions: { parse: [] },
      flags: 4,
    })
    await discord.send(long, signal)
    expect((receiver.json() as { content: string }).content.length).toBeLessThanOrEqual(2000)
  })

  it('reach a topic of ntfy, urgent when they are an alarm', async () => {
    const place = { server: receiver.url('/'), topic: 'backups', token: 'tk_1' }
    await ntfyChannel('ntfy', place).send(message, signal)
    expect(last()).toMatchObject({ method: 'POST', path: '/', headers: { authorization: 'Bearer tk_1' } })
    expect(receiver.json()).toEqual({
      topic: 'backups',
      title: message.title,
      message: message.body,
      priority: 4,
      tags: ['rotating_light'],
    })
    await ntfyChannel('ntfy', { ...place, token: undefined }).send({ ...long, event: 'recovery' }, signal)
    const sent = receiver.json() as { message: string; priority: number }
    expect(Buffer.byteLength(sent.message)).toBeLessThanOrEqual(4096)
    expect(sent.message).toMatch(/😀…$/u)
    expect(sent.priority).toBe(3)
    expect(last().headers.authorization).toBeUndefined()
  })

  it('reach a chat of Telegram as they are, through any Bot API server', async () => {
    const place = { server: receiver.url('/bots/'), token: '123:AA-b_c', chat: -100123, thread: 7 }
    await telegramChannel('telegram', place).send(message, signal)
    expect(last().path).toBe('/bots/bot123:AA-b_c/sendMessage')
    expect(receiver.json()).toEqual({
      chat_id: -100123,
      message_thread_id: 7,
      text: `${message.title}\n\n${message.body}`,
      link_preview_options: { is_disabled: true },
    })
    await telegramChannel('telegram', { ...place, thread: undefined }).send(long, signal)
    expect((receiver.json() as { text: string }).text.length).toBeLessThanOrEqual(4096)
  })

  it('go nowhere where the token of a bot is none: it would become another path', async () => {
    const place = { server: receiver.url('/'), token: '1/../../evil', chat: 1, thread: undefined }
    const sent = telegramChannel('telegram', place).send(message, signal)
    await expect(sent).rejects.toMatchObject({ code: 'notification-failed', transient: false })
    await expect(sent).rejects.not.toThrow(/evil/)
    expect(receiver.received).toEqual([])
  })

  it('reach a receiver of anybody as one JSON document', async () => {
    await webhookChannel('webhook', receiver.url('/hook?k=1'), 't').send(message, signal)
    expect(last()).toMatchObject({ path: '/hook?k=1', headers: { authorization: 'Bearer t' } })
    const { event, title, body } = message
    expect(receiver.json()).toEqual({ version: 1, event, title, body, project: 'shop', job: 'backup' })
  })

  it('are never followed to another place', async () => {
    receiver.replies = [{ status: 307, headers: { location: '/elsewhere' } }]
    const sent = webhookChannel('webhook', receiver.url('/secret-path'), undefined).send(message, signal)
    await expect(sent).rejects.toThrow(/wants to be called at another place/)
    await expect(sent).rejects.not.toThrow(/secret-path/)
    expect(receiver.received).toHaveLength(1)
  })

  it('tell a monitor of starts and ends of one run by one id, as healthchecks.io has it', async () => {
    const base = receiver.url('/ping/4d6b3c9e?create=1')
    const ping = { run: 'r-7', text: 'exit code 34' }
    for (const kind of ['start', 'success', 'fail', 'log'] as const)
      await sendPing(base, { ...ping, signal: kind }, signal)
    const rid = runUuid('r-7')
    expect(rid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(receiver.received.map(({ method, path, body }) => [method, path, body])).toEqual(
      ['/start', '', '/fail', '/log'].map(end => ['POST', `/ping/4d6b3c9e${end}?create=1&rid=${rid}`, 'exit code 34']),
    )
    await sendPing(base, { run: 'r-7', signal: 'fail', text: 'x'.repeat(200_000) }, signal)
    expect(last().body).toHaveLength(9_998)
  })

  it('are not believed to have reached a monitor that answers 200 and knows no such check', async () => {
    receiver.replies = [{ status: 200, body: 'OK (not found)' }]
    const sent = sendPing(receiver.url('/x'), { run: 'r', signal: 'success', text: '' }, signal)
    await expect(sent).rejects.toThrow('the ping was not counted (OK (not found))')
  })
})

describe('a text that is too long', () => {
  it('is cut to what a service takes, and no character is cut in two', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ä', '€', '😀'), maxLength: 60 })
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 80 }), (text, most) => {
        const [units, bytes] = [cutText(text, most), cutBytes(text, most)]
        expect(units.length).toBeLessThanOrEqual(most)
        expect(Buffer.byteLength(bytes)).toBeLessThanOrEqual(most)
        expect(units.isWellFormed()).toBe(true)
        expect(bytes).not.toContain('\uFFFD')
        for (const cut of [units, bytes]) expect(text.startsWith(cut.replace(/…$/, ''))).toBe(true)
      }),
    )
  })

  it('is cut for Discord between its escapes, not in them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.string({ unit: fc.constantFrom('\\', '*', 'a'), minLength: 2100 }),
        (shift, body) => {
          const { content } = discordBody({ ...message, title: 'a'.repeat(shift + 1), body })
          expect(content.length).toBeLessThanOrEqual(2000)
          // Every backslash is the first of a pair, but none escapes what the cut has put there.
          expect(content.replaceAll(/\\[^…]/gs, '')).not.toContain('\\')
        },
      ),
      { numRuns: 50 },
    )
  })
})
