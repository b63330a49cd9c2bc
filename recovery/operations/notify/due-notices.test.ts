import { describe, expect, it } from 'vitest'
import { noticeEvents } from '../../../contract/notification-config.ts'
import type { RunRecord } from '../../../contract/run-record.ts'
import { contextOf, dueNotices, type NoticeRules } from './due-notices.ts'

const hour = 3_600_000
const day = 24 * hour
const start = Date.UTC(2026, 2, 1)
const usual = ['failure', 'recovery', 'missed', 'stale-proof'] as const
const rules: NoticeRules = { channels: [{ name: 'mail', on: usual }], repeatMs: day, staleProofMs: 14 * day }

/** What happens to a project, hour by hour, as the run history would have it: each run is told of when it ends. */
class History {
  readonly runs: RunRecord[] = []
  readonly #rules: NoticeRules
  /** Whether what is told arrives. */
  arrives = true

  constructor(own: NoticeRules = rules) {
    this.#rules = own
  }

  /** The nth hour's run; gives what was told of it. */
  run(atMs: number, outcome: RunRecord['outcome'], more: Partial<RunRecord> = {}): string[] {
    const at = new Date(start + atMs).toISOString()
    const record: RunRecord = {
      ...{ version: 1, id: String(this.runs.length).padStart(16, '0'), job: 'backup', trigger: 'schedule' },
      ...{ hostname: 'here', startedAt: at, endedAt: at, outcome },
      ...(outcome === 'failed' && { error: { code: 'capture-failed', message: 'no' } }),
      ...more,
    }
    const due = dueNotices(record, this.runs, this.#rules, new Date(start + atMs))
    const notices = due.map(({ channel, event }) => ({ to: channel, event, at, ok: this.arrives }))
    this.runs.push({ ...record, notices })
    return due.map(({ event }) => event)
  }
}

describe('what is told of runs', () => {
  it('a failure is told at once, then once a day, and the end of it once', () => {
    const history = new History()
    expect(history.run(0, 'success')).toEqual([])
    expect(history.run(hour, 'failed')).toEqual(['failure'])
    for (let at = 2; at <= 24; at++) expect(history.run(at * hour, 'failed')).toEqual([])
    expect(history.run(25 * hour, 'failed')).toEqual(['failure'])
    expect(history.run(26 * hour, 'failed')).toEqual([])
    expect(history.run(27 * hour, 'success')).toEqual(['recovery'])
    expect(history.run(28 * hour, 'success')).toEqual([])
    expect(history.run(29 * hour, 'failed')).toEqual(['failure'])
  })

  it('says of a recovery and a failure for how long it was broken', () => {
    const history = new History()
    history.run(0, 'success')
    history.run(hour, 'failed')
    history.run(2 * hour, 'failed')
    const record = { ...history.runs[0]!, id: 'f'.repeat(16) }
    const { brokenSince } = contextOf(record, history.runs, 14 * day, new Date(start + 3 * hour))
    expect(brokenSince).toEqual(new Date(start + hour))
  })

  it('another failure than the one that is known is news', () => {
    const history = new History()
    expect(history.run(0, 'failed')).toEqual(['failure'])
    expect(history.run(hour, 'failed', { error: { code: 'storage-full', message: 'full' } })).toEqual(['failure'])
    expect(history.run(2 * hour, 'failed')).toEqual([])
    expect(history.run(3 * hour, 'failed', { error: { code: 'storage-full', message: 'full' } })).toEqual([])
  })

  it('what did not arrive is told again with the next run', () => {
    const history = new History()
    history.arrives = false
    expect(history.run(0, 'failed')).toEqual(['failure'])
    expect(history.run(hour, 'failed')).toEqual(['failure'])
    expect(history.run(2 * hour, 'success')).toEqual(['recovery'])
    history.arrives = true
    expect(history.run(3 * hour, 'success')).toEqual(['recovery'])
    expect(history.run(4 * hour, 'success')).toEqual([])
  })

  it('jobs fail and recover each by itself', () => {
    const history = new History()
    expect(history.run(0, 'failed', { job: 'check' })).toEqual(['failure'])
    expect(history.run(hour, 'success')).toEqual([])
    expect(history.run(2 * hour, 'failed')).toEqual(['failure'])
    expect(history.run(3 * hour, 'success', { job: 'check' })).toEqual(['recovery'])
  })

  it('a run that a person stopped is no failure; one that was killed, or stopped on its schedule, is', () => {
    const history = new History()
    expect(history.run(0, 'interrupted', { trigger: 'command' })).toEqual([])
    expect(history.run(hour, 'interrupted')).toEqual(['failure'])
    expect(history.run(2 * hour, 'success')).toEqual(['recovery'])
    const killed = new History()
    killed.runs.push({ ...history.runs[0]!, id: 'e'.repeat(16), endedAt: undefined })
    expect(killed.run(hour, 'success')).toEqual(['recovery'])
  })

  it('a missed run is told of, and once a day', () => {
    const history = new History()
    expect(history.run(0, 'missed')).toEqual(['missed'])
    expect(history.run(hour, 'missed')).toEqual([])
    expect(history.run(hour, 'missed', { job: 'drill' })).toEqual(['missed'])
    expect(history.run(25 * hour, 'missed')).toEqual(['missed'])
    expect(history.run(26 * hour, 'success')).toEqual([])
  })

  it('a proof that is too old is told of once a day until a drill succeeds', () => {
    const history = new History()
    expect(history.run(0, 'success', { job: 'drill' })).toEqual([])
    expect(history.run(14 * day, 'success')).toEqual([])
    expect(history.run(14 * day + hour, 'success')).toEqual(['stale-proof'])
    expect(history.run(14 * day + 2 * hour, 'failed', { job: 'drill' })).toEqual(['failure'])
    expect(history.run(15 * day + hour, 'success')).toEqual(['stale-proof'])
    expect(history.run(16 * day, 'success', { job: 'drill' })).toEqual(['recovery'])
    expect(history.run(30 * day, 'success')).toEqual([])
  })

  it('a project that was never proved has as long from its first run on, and a proof by another machine counts', () => {
    const history = new History()
    history.run(0, 'success')
    expect(history.run(13 * day, 'success')).toEqual([])
    expect(history.run(15 * day, 'success')).toEqual(['stale-proof'])
    const proof = { at: new Date(start + 15 * day).toISOString(), recoveryMs: 1 }
    expect(history.run(17 * day, 'success', { proof })).toEqual([])
    expect(history.run(30 * day, 'success')).toEqual(['stale-proof'])
  })

  it('each channel hears what it wants to', () => {
    const history = new History({
      ...rules,
      channels: [
        { name: 'all', on: noticeEvents },
        { name: 'bad', on: ['failure'] },
        { name: 'good', on: ['success'] },
      ],
    })
    expect(history.run(0, 'success')).toEqual(['success', 'success'])
    expect(history.run(hour, 'failed')).toEqual(['failure', 'failure'])
    expect(history.run(2 * hour, 'success')).toEqual(['recovery', 'success'])
    expect(history.run(15 * day, 'success')).toEqual(['success', 'stale-proof', 'success'])
  })
})
