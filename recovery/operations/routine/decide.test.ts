import { describe, expect, it } from 'vitest'
import type { Config } from '../../../contract/config.ts'
import type { RunRecord } from '../../../contract/run-record.ts'
import { decide, willBeRetried } from './decide.ts'
import type { History } from './history.ts'
import { nextRuns } from './next-runs.ts'
import { readSchedule } from './schedule.ts'

const hourly: Config = { schedule: { timezone: 'UTC', jitter: '0s', backup: '0 * * * *' } }
const at = (text: string) => new Date(`2026-03-01T${text}Z`)

const ran = (due: string, outcome: RunRecord['outcome'], more: Partial<RunRecord> = {}): RunRecord => ({
  version: 1,
  id: '0123456789abcdef',
  job: 'backup',
  trigger: 'schedule',
  hostname: 'here',
  dueAt: at(due).toISOString(),
  startedAt: at(due).toISOString(),
  outcome,
  ...more,
})
const typed = (start: string, outcome: RunRecord['outcome']): RunRecord => {
  const { dueAt: _, ...record } = ran(start, outcome, { trigger: 'command' })
  return record
}
const historyOf = (...runs: RunRecord[]): History => ({ runs, since: new Map([['backup', at('00:00:00')]]) })

const decideAt = (now: string, history: History, more: { watchedSince?: string; config?: Config } = {}) =>
  decide('backup', readSchedule(more.config ?? hourly, '/shop'), history, {
    now: at(now),
    watchedSince: at(more.watchedSince ?? '00:00:00'),
  })
const due = (text: string, trigger: 'schedule' | 'catch-up' = 'schedule') => ({
  due: { job: 'backup', dueAt: at(text), trigger },
  missed: undefined,
})
const nothing = { due: undefined, missed: undefined }

describe('what a job asks for', () => {
  it('is a run at its time, once', () => {
    expect(decideAt('01:59:59', historyOf(ran('01:00:00', 'success')))).toEqual(nothing)
    expect(decideAt('02:00:00', historyOf(ran('01:00:00', 'success')))).toEqual(due('02:00:00'))
    expect(decideAt('02:00:01', historyOf(ran('02:00:00', 'running')))).toEqual(nothing)
    expect(decideAt('02:10:00', historyOf(ran('02:00:00', 'success')))).toEqual(nothing)
  })

  it('is the next one none the less after a failure', () => {
    const failed = ran('01:00:00', 'failed', { error: { code: 'storage-failed', message: 'gone' } })
    expect(decideAt('01:30:00', historyOf(failed))).toEqual(nothing)
    expect(decideAt('02:00:00', historyOf(failed))).toEqual(due('02:00:00'))
  })

  it('is the first backup at once, where there is none', () => {
    expect(decideAt('00:30:00', historyOf())).toEqual(due('00:30:00', 'catch-up'))
    expect(decideAt('00:30:00', historyOf(typed('00:10:00', 'success')))).toEqual(nothing)
  })

  it('is one run for all that were missed, and the rest are told', () => {
    const decision = decideAt('05:30:00', historyOf(ran('01:00:00', 'success')), { watchedSince: '05:20:00' })
    expect(decision).toEqual({
      ...due('05:00:00', 'catch-up'),
      missed: { job: 'backup', first: at('02:00:00'), last: at('04:00:00'), count: 3 },
    })
  })

  it('is nothing but the word that runs were missed, where nothing is to be caught up', () => {
    const config = { schedule: { ...hourly.schedule, catchUp: false } }
    const history = historyOf(ran('01:00:00', 'success'))
    expect(decideAt('03:30:00', history, { watchedSince: '03:20:00', config })).toEqual({
      due: undefined,
      missed: { job: 'backup', first: at('02:00:00'), last: at('03:00:00'), count: 2 },
    })
    // One that only had to wait for another job is not late.
    expect(decideAt('02:10:00', history, { config })).toEqual(due('02:00:00'))
  })

  it('does not ask for what was written down as missed', () => {
    expect(decideAt('05:30:00', historyOf(ran('05:00:00', 'missed')))).not.toHaveProperty('due.dueAt', at('05:00:00'))
    expect(decideAt('05:30:00', historyOf(ran('05:00:00', 'missed'), typed('00:10:00', 'success')))).toEqual(nothing)
  })

  it('is a run that was cut off, once more, but not for ever', () => {
    const cut = ran('01:00:00', 'interrupted')
    expect(decideAt('01:10:00', historyOf(cut), { watchedSince: '01:05:00' })).toEqual(due('01:00:00', 'catch-up'))
    expect(decideAt('01:20:00', historyOf(cut, cut))).toEqual(nothing)
    expect(decideAt('02:00:00', historyOf(cut, cut))).toEqual(due('02:00:00'))
    // Each time has its own tries.
    const before = [cut, ran('01:00:00', 'success'), ran('02:00:00', 'interrupted')]
    const again = decideAt('02:10:00', historyOf(...before), { watchedSince: '02:05:00' })
    expect(again).toEqual(due('02:00:00', 'catch-up'))
  })

  it('is another try, a little later each time, while somebody else holds the vault', () => {
    const locked = (endedAt: string, code = 'vault-locked') =>
      ran('01:00:00', 'failed', { endedAt: at(endedAt).toISOString(), error: { code, message: 'in use' } })
    const once = [locked('01:00:10')]
    expect(decideAt('01:01:00', historyOf(...once))).toEqual(nothing)
    expect(decideAt('01:01:10', historyOf(...once))).toEqual(due('01:00:00'))
    const twice = [...once, locked('01:01:20')]
    expect(decideAt('01:03:00', historyOf(...twice))).toEqual(nothing)
    expect(decideAt('01:03:20', historyOf(...twice))).toEqual(due('01:00:00'))
    expect(willBeRetried(twice[1]!, twice)).toBe(true)
    expect(decideAt('01:01:09', historyOf(locked('01:00:10', 'target-exists')))).toEqual(nothing)
    expect(decideAt('01:01:10', historyOf(locked('01:00:10', 'target-exists')))).toEqual(due('01:00:00'))
    const five = Array.from({ length: 5 }, () => locked('01:20:00'))
    expect(willBeRetried(five[4]!, five)).toBe(true)
    expect(decideAt('01:35:59', historyOf(...five))).toEqual(nothing)
    expect(decideAt('01:36:00', historyOf(...five))).toEqual(due('01:00:00'))
    const often = Array.from({ length: 6 }, () => locked('01:20:00'))
    expect(willBeRetried(often[5]!, often)).toBe(false)
    expect(decideAt('01:59:00', historyOf(...often))).toEqual(nothing)
  })

  it('is such a try also where nothing is caught up, but none of what somebody typed', () => {
    const error = { code: 'vault-locked', message: 'in use' }
    const more = { config: { schedule: { ...hourly.schedule, catchUp: false } }, watchedSince: '01:00:30' }
    expect(decideAt('01:01:00', historyOf(ran('01:00:00', 'failed', { error })), more)).toEqual(
      due('01:00:00', 'catch-up'),
    )
    const byHand = { ...typed('01:10:00', 'failed'), error }
    expect(willBeRetried(byHand, [byHand])).toBe(false)
  })

  it('is not misled by what was written down while the clock stood in the future', () => {
    const future = ran('23:00:00', 'success')
    expect(decideAt('02:00:00', historyOf(ran('01:00:00', 'success'), future))).toEqual(due('02:00:00'))
  })

  it('is nothing while nobody keeps the schedule', () => {
    const history: History = { runs: [ran('01:00:00', 'success')], since: new Map() }
    expect(decideAt('09:00:00', history)).toEqual(nothing)
  })
})

describe('the next runs', () => {
  const project = { root: '/shop', config: hourly }

  it('tell when each job is due, how it went, and whether it is overdue', () => {
    const failed = ran('02:00:00', 'failed')
    const history = historyOf(ran('01:00:00', 'success'), failed)
    expect(nextRuns(project, history, at('02:30:00'))).toEqual([
      {
        job: 'backup',
        next: at('03:00:00'),
        lastSuccess: at('01:00:00'),
        last: failed,
        overdue: false,
        dueSince: undefined,
        isKept: true,
      },
    ])
    expect(nextRuns(project, history, at('03:20:00'))[0]).toMatchObject({ overdue: false })
    expect(nextRuns(project, history, at('04:10:00'))[0]).toMatchObject({ overdue: true, dueSince: at('03:00:00') })
  })

  it('are those of the default schedule where the file has none, and overdue only where somebody keeps it', () => {
    const none: History = { runs: [], since: new Map() }
    const standings = nextRuns({ root: '/shop', config: {} }, none, at('12:00:00'))
    expect(standings.map(({ job, overdue, isKept }) => [job, overdue, isKept])).toEqual([
      ['backup', false, false],
      ['check', false, false],
      ['drill', false, false],
    ])
    const full = nextRuns({ root: '/shop', config: { retain: { keepDaily: 7 }, vaults: ['/b'] } }, none, at('12:00:00'))
    expect(full.map(({ job }) => job)).toEqual(['backup', 'copy', 'retain', 'check', 'drill'])
  })
})

describe('a schedule', () => {
  it.each([
    [{ backup: '61 * * * *' }, 'schedule.backup: "61 * * * *" is no cron expression (Invalid value for minute: 61)'],
    [{ drill: ['0 3 * * *', 'daily'] }, 'schedule.drill: "daily" is no cron expression'],
    [{ check: '0 0 30 2 *' }, 'schedule.check: "0 0 30 2 *" is a time that never comes'],
    [{ timezone: 'Mars/Base', backup: '0 3 * * *' }, 'schedule.timezone: "Mars/Base" is no time zone'],
    [{ timezone: 'UTC' }, 'schedule names no job'],
    [{ retain: '0 3 * * *' }, 'nothing says which points to keep'],
    [{ copy: '0 3 * * *' }, 'there is no further vault'],
  ])('%j is refused, with what is wrong and what to do', (schedule, message) => {
    const read = () => readSchedule({ schedule }, '/shop')
    expect(read).toThrow(`aidatavault.yml: ${message.startsWith('schedule') ? message : ''}`)
    expect(read).toThrow(message)
    expect(read).toThrow(
      expect.objectContaining({ code: 'project-invalid', hint: expect.stringMatching(/\w/) as string }) as Error,
    )
  })
})
