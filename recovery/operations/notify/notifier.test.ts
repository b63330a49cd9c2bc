import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../contract/run-record.ts'
import type { Run, RunEvent } from '../../domain/run.ts'
import { runUuid } from '../../drivers/notify/ping.ts'
import { HttpReceiver } from '../../drivers/notify/testing/http-receiver.ts'
import { MailReceiver } from '../../drivers/notify/testing/mail-receiver.ts'
import { appendRun, newRunId, readRuns } from '../../journal/run-history.ts'
import { assertTold, Notifier } from './notifier.ts'
import { testChannels } from './test-channels.ts'
import { toldProject } from './told-project.ts'

const start = Date.UTC(2026, 2, 1)
const timing = { attempts: 2, attemptMs: 20_000, firstWaitMs: 1, totalMs: 20_000 }

describe('who is told of runs', () => {
  let web: HttpReceiver
  let mail: MailReceiver
  beforeAll(async () => {
    web = await HttpReceiver.start()
    mail = await MailReceiver.start()
  })
  afterAll(async () => {
    await web[Symbol.asyncDispose]()
    await mail[Symbol.asyncDispose]()
  })
  let root: string
  let now: number
  let events: RunEvent[]
  beforeEach(async () => {
    root = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'aidatavault-notify-')))
    await fs.writeFile(
      path.join(root, 'alarm.env'),
      `HOOK=${web.url('/hook/s3cr3t')}\nPING=${web.url('/ping/s3cr3t')}\n`,
    )
    now = start
    events = []
    web.received.length = 0
    web.replies = [{ status: 200, body: 'OK' }]
    mail.received.length = 0
  })
  afterEach(() => fs.rm(root, { recursive: true, force: true }))

  const run = (signal = new AbortController().signal): Run => ({
    signal,
    clock: { now: () => new Date(now) },
    report: event => void events.push(event),
  })
  const warnings = () => events.flatMap(event => (event.kind === 'warning' ? event.text : []))
  const configure = async (yaml: string) => {
    await fs.writeFile(path.join(root, 'aidatavault.yml'), `name: shop\n${yaml}`)
    return toldProject({ root, directory: root })
  }
  const channels = () => `notifications:
  channels:
    - { type: webhook, urlFrom: "alarm.env#HOOK" }
    - { type: email, host: 127.0.0.1, port: ${mail.port}, tls: none, from: vault@example.org, to: [me@example.org], title: '{{job}}: {{event}}' }
`
  const pings = 'pings: { backup: { urlFrom: "alarm.env#PING" } }\n'

  /** A run that takes a second and is told of as the program does it. */
  async function happen(
    yaml: string,
    outcome: RunRecord['outcome'],
    more: Partial<RunRecord> = {},
    signal?: AbortSignal,
  ) {
    const notifier = new Notifier(await configure(yaml), root, run(signal), timing)
    const begun: RunRecord = {
      ...{ version: 1, id: newRunId(), job: more.job ?? 'backup', trigger: 'schedule', hostname: 'here' },
      ...{ startedAt: new Date(now).toISOString(), outcome: 'running' },
    }
    notifier.started(begun)
    now += 1000
    const failed = outcome === 'failed' && {
      exitCode: 17,
      error: { code: 'storage-full', message: 'no space', hint: 'make room' },
    }
    const ended: RunRecord = { ...begun, endedAt: new Date(now).toISOString(), outcome, ...failed, ...more }
    await appendRun(root, ended)
    return { record: ended, failed: await notifier.ended(ended) }
  }

  it('people are told of a failure and of its end, each channel in its words, and it stands in the history', async () => {
    await happen(channels(), 'failed')
    now += 3_600_000
    await happen(channels(), 'failed')
    await happen(channels(), 'success')
    expect(web.received).toHaveLength(2)
    expect(web.json(0)).toMatchObject({
      ...{ version: 1, event: 'failure', title: 'shop: backup failed', project: 'shop', job: 'backup' },
      ...{ error: 'no space', hint: 'make room', code: 'storage-full', exitCode: '17', duration: '1 second' },
    })
    expect(web.json(1)).toMatchObject({ event: 'recovery', brokenFor: '1 hour' })
    expect(mail.received.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)?.[1])).toEqual([
      'backup: failure',
      'backup: recovery',
    ])
    const told = (await readRuns(root)).map(({ notices }) => notices?.map(({ to, event, ok }) => [to, event, ok]))
    const both = (event: string) => [
      ['webhook', event, true],
      ['email', event, true],
    ]
    expect(told).toEqual([both('failure'), undefined, both('recovery')])
  })

  it('a monitor is told of start and end of a run, with its id and what went wrong', async () => {
    const { record } = await happen(pings, 'failed')
    await happen(pings, 'success', { point: 'ab12cd34ef' })
    await happen(pings, 'success', { job: 'check' })
    const rid = runUuid(record.id)
    expect(web.received.map(({ path: to }) => to.replace(/rid=.*/, ''))).toEqual(
      ['/start?', '/fail?', '/start?', '?'].map(end => `/ping/s3cr3t${end}`),
    )
    expect(web.received.slice(0, 2).map(({ path: to }) => to.split('rid=')[1])).toEqual([rid, rid])
    expect(web.received.map(({ body }) => body)).toEqual([
      '',
      'failed\nexit code 17\nno space\nmake room',
      '',
      'point ab12cd34',
    ])
  })

  it('a channel that fails is warned of, told through the others, noted, and tried again', async () => {
    web.replies = [{ status: 403, body: 'no access to /hook/s3cr3t' }]
    const { record, failed } = await happen(channels(), 'failed')
    expect(failed.map(({ to, event }) => [to, event])).toEqual([['webhook', 'failure']])
    expect(() => assertTold(failed)).toThrow(/not told to webhook/)
    expect(warnings()).toHaveLength(1)
    expect(warnings()[0]).toMatch(/^webhook could not be told \(failure\): 127\.0\.0\.1:\d+: it says 403/)
    const [, second] = mail.received
    expect(second!.raw).toContain('Subject: shop: AIDataVault could not reach webhook')
    const { notices } = (await readRuns(root)).find(({ id }) => id === record.id)!
    expect(notices?.map(({ to, ok }) => [to, ok])).toEqual([
      ['webhook', false],
      ['email', true],
      ['email', true],
    ])
    now += 3_600_000
    await happen(channels(), 'failed')
    expect(mail.received).toHaveLength(2)
    expect(web.received).toHaveLength(2)
    // The state of things is told again once a day, this one too.
    now += 86_400_000
    await happen(channels(), 'failed')
    expect(mail.received.slice(2).map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)?.[1])).toEqual([
      'backup: failure',
      'shop: AIDataVault could not reach webhook',
    ])
  })

  it('several that fail are told of once, in one message', async () => {
    const startedAt = new Date(now - 3_600_000).toISOString()
    const notices = [{ to: 'email', event: 'channel-failed webhook, ping backup', at: startedAt, ok: true }]
    await appendRun(root, {
      ...{ version: 1, id: newRunId(), job: 'backup', trigger: 'schedule', hostname: 'here' },
      ...{ startedAt, endedAt: startedAt, outcome: 'success', notices },
    })
    web.replies = [{ status: 403, body: '' }]
    const { failed } = await happen(channels() + pings, 'failed')
    expect(new Set(failed.map(({ to }) => to))).toEqual(new Set(['webhook', 'ping backup']))
    expect(mail.received.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)?.[1])).toEqual(['backup: failure'])
  })

  it('says so where it cannot be written down who was told', async () => {
    const { record } = await happen(channels(), 'success')
    const file = path.join(root, '.aidatavault', 'runs-00000001.jsonl')
    await fs.rm(file)
    await fs.mkdir(file)
    const failure = { ...record, outcome: 'failed' } as const
    await new Notifier(await configure(channels()), root, run(), timing).ended(failure)
    expect(mail.received).toHaveLength(1)
    expect(warnings()).toEqual([expect.stringContaining('who was told is not written down')])
  })

  it('a channel that fails is told of again where that word did not arrive', async () => {
    const startedAt = new Date(now - 3_600_000).toISOString()
    const error = { code: 'storage-full', message: 'no space' }
    const notices = [
      { to: 'email', event: 'failure', at: startedAt, ok: true },
      { to: 'email', event: 'channel-failed webhook', at: startedAt, ok: false, message: 'no answer' },
    ]
    await appendRun(root, {
      ...{ version: 1, id: newRunId(), job: 'backup', trigger: 'schedule', hostname: 'here' },
      ...{ startedAt, endedAt: startedAt, outcome: 'failed', error, notices },
    })
    web.replies = [{ status: 403, body: '' }]
    await happen(channels(), 'failed')
    expect(mail.received).toHaveLength(1)
    expect(mail.received[0]!.raw).toContain('Subject: shop: AIDataVault could not reach webhook')
  })

  it.each([
    ['channel', () => channels(), '/hook/s3cr3t', 1],
    ['monitor', () => channels().replace(/ +- . type: webhook.*\n/, '') + pings, '/ping/s3cr3t/fail', 2],
  ])('a secret of a %s is never said, wherever it comes back from', async (_, yaml, echo, failures) => {
    web.replies = [{ status: 400, body: `Cannot POST ${web.url(echo)} ${echo}` }]
    const { failed } = await happen(yaml(), 'failed')
    expect(failed).toHaveLength(failures)
    const said = JSON.stringify([
      failed.map(({ error }) => [error?.message, error?.hint]),
      events,
      await readRuns(root),
    ])
    expect(said).toContain('Cannot POST ***')
    expect(said).not.toContain('s3cr3t')
    expect(mail.received).toHaveLength(2)
    expect(mail.received.map(({ raw }) => raw).join()).not.toContain('s3cr3t')
  })

  it('a secret that is missing hinders no other channel', async () => {
    await fs.writeFile(path.join(root, 'alarm.env'), '')
    const { failed } = await happen(channels(), 'failed')
    expect(failed.map(({ error }) => error?.message)).toEqual([
      'aidatavault.yml, notifications.channels (webhook).urlFrom: alarm.env has no value for HOOK',
    ])
    expect(mail.received).toHaveLength(2)
  })

  it('a run that was stopped is told of all the same', async () => {
    const { failed } = await happen(channels() + pings, 'interrupted', {}, AbortSignal.abort())
    expect(failed.filter(({ event }) => event !== 'start')).toEqual([])
    expect(web.received.map(({ path: to }) => to.split('?')[0])).toEqual(
      expect.arrayContaining(['/hook/s3cr3t', '/ping/s3cr3t/fail']),
    )
  })

  it('notify test tries each of them, or one, and says what came of it', async () => {
    const project = await configure(channels() + pings)
    const told = await testChannels(project, undefined, run(), timing)
    expect(told.map(({ to, error }) => [to, error])).toEqual([
      ['webhook', undefined],
      ['email', undefined],
      ['ping backup', undefined],
    ])
    expect(web.received.map(({ path: to }) => to.split('?')[0])).toContain('/ping/s3cr3t/log')
    await testChannels(project, 'email', run(), timing)
    expect(mail.received).toHaveLength(2)
    await expect(testChannels(project, 'pager', run(), timing)).rejects.toMatchObject({
      code: 'bad-input',
      hint: 'there are: "webhook", "email", "ping backup"',
    })
  })
})
