import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Timetable } from './timetable.ts'

const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo', 'UTC']
const hour = 3_600_000

const tableOf = (expressions: readonly string[], zone: string, jitterMs = 0) =>
  new Timetable(expressions, { zone, jitterMs, seed: 'shop' })

const timesOf = (table: Timetable, from: string, until: string) =>
  table.between(new Date(from), new Date(until), 10_000).times.map(time => time.toISOString())

const zone = fc.constantFrom(...zones)
const moment = fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
const timeOfDay = fc.record({ minute: fc.integer({ min: 0, max: 59 }), hour: fc.integer({ min: 0, max: 23 }) })

/** As the clock on the wall shows it. */
const localDay = (time: Date, timeZone: string) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(time)

describe('due times', () => {
  it('come once on every day of the calendar, also when clocks are set forward or back', () =>
    fc.assert(
      fc.property(zone, moment, timeOfDay, (timeZone, start, { minute, hour: at }) => {
        const table = tableOf([`${minute} ${at} * * *`], timeZone)
        let time = table.next(start)!
        const days = [localDay(time, timeZone)]
        for (let n = 0; n < 8; n++) days.push(localDay((time = table.next(time)!), timeZone))
        const first = new Date(`${days[0]}T12:00:00Z`).getTime()
        expect(days).toEqual(days.map((_, n) => new Date(first + n * 24 * hour).toISOString().slice(0, 10)))
      }),
      { numRuns: 60 },
    ))

  it('come right after the gap where the clock skips them, and once where it shows them twice', () => {
    const night = tableOf(['30 2 * * *'], 'Europe/Berlin')
    expect(timesOf(night, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
    expect(timesOf(night, '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  it('of every hour come an hour apart on the days on which clocks are set', () => {
    const hourly = tableOf(['0 * * * *'], 'Europe/Berlin')
    for (const day of ['2026-03-29', '2026-10-25'])
      expect(timesOf(hourly, `${day}T00:00:00Z`, `${day}T04:00:00Z`)).toEqual(
        [1, 2, 3, 4].map(n => `${day}T0${n}:00:00.000Z`),
      )
  })

  it('of several expressions are those of all, each once', () => {
    const table = tableOf(['0 9 * * *', '0 9,17 * * 1-5'], 'UTC')
    expect(timesOf(table, '2026-03-06T00:00:00Z', '2026-03-07T23:00:00Z')).toEqual([
      '2026-03-06T09:00:00.000Z',
      '2026-03-06T17:00:00.000Z',
      '2026-03-07T09:00:00.000Z',
    ])
  })

  it('are delayed by no more than the jitter, stay in order, and are the same in every process', () =>
    fc.assert(
      fc.property(
        moment,
        fc.integer({ min: 1, max: 3 * hour }),
        fc.constantFrom('*/7 * * * *', '0 * * * *', '15 3 * * *', '0 0,1 * * *'),
        (start, jitterMs, expression) => {
          const [plain, delayed] = [tableOf([expression], 'UTC'), tableOf([expression], 'UTC', jitterMs)]
          let due = delayed.next(start)!
          for (let n = 0; n < 20; n++) {
            const next = delayed.next(due)!
            expect(next.getTime()).toBeGreaterThan(due.getTime())
            expect(delayed.next(new Date(next.getTime() - 1))).toEqual(next)
            // The time itself lies before, and no other run's between.
            const slots = plain.between(new Date(due.getTime() - jitterMs - 1), due, 10_000).times
            expect(slots.length).toBeGreaterThan(0)
            due = next
          }
        },
      ),
      { numRuns: 30 },
    ))

  it('differ between projects and machines where there is jitter', () => {
    const at = (seed: string) =>
      new Timetable(['0 3 * * *'], { zone: 'UTC', jitterMs: hour, seed }).next(new Date('2026-03-01'))?.getTime()
    expect(new Set(['a', 'b', 'c', 'd'].map(at)).size).toBe(4)
  })

  it('after a long time are not counted one by one, and the newest are among them', () => {
    const table = tableOf(['* * * * * *'], 'UTC')
    const until = new Date('2026-03-01T00:00:00Z')
    const { times, areAll } = table.between(new Date('2025-01-01'), until)
    expect(areAll).toBe(false)
    expect(times.at(-1)).toEqual(until)
    expect(times.length).toBeLessThanOrEqual(200)
  })
})
