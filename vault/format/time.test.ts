import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { anyTime } from './testing/arbitraries.ts'
import { dateOfTime, formatTime, localZone, parseTime, timeOfDate, utcZone, zeroTime } from './time.ts'

const ns = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n
const zoneBefore = process.env['TZ']
afterEach(() => {
  if (zoneBefore === undefined) delete process.env['TZ']
  else process.env['TZ'] = zoneBefore
})

describe('a time', () => {
  it.each([
    [ns('2024-01-02T03:04:05Z') + 678901234n, '2024-01-02T03:04:05.678901234Z'],
    [ns('2024-01-02T03:04:05Z') + 100_000_000n, '2024-01-02T03:04:05.1Z'],
    [0n, '1970-01-01T00:00:00Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [zeroTime, '0001-01-01T00:00:00Z'],
    [ns('2024-02-29T23:59:59Z'), '2024-02-29T23:59:59Z'],
  ])('of %i is written as Go writes it', (time, text) => {
    expect(formatTime(time, utcZone)).toBe(text)
    expect(parseTime(text)).toBe(time)
  })

  it('has the offset that was in force at that instant, as restic writes it', () => {
    process.env['TZ'] = 'Europe/Berlin'
    expect(formatTime(ns('2026-07-01T10:00:00Z'))).toBe('2026-07-01T12:00:00+02:00')
    expect(formatTime(ns('2026-03-01T10:00:00Z'))).toBe('2026-03-01T11:00:00+01:00')
    process.env['TZ'] = 'America/St_Johns'
    expect(formatTime(ns('2026-01-01T00:00:00Z'))).toBe('2025-12-31T20:30:00-03:30')
    process.env['TZ'] = 'Europe/London'
    expect(formatTime(ns('2026-01-01T00:00:00Z'))).toBe('2026-01-01T00:00:00Z')
  })

  it.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia'])(
    'comes back to the nanosecond in %s',
    zone => {
      process.env['TZ'] = zone
      fc.assert(
        fc.property(anyTime, time => {
          expect(parseTime(formatTime(time, localZone))).toBe(time)
        }),
        { numRuns: 300 },
      )
    },
  )

  it('is the same as JavaScript has it', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
        date => {
          expect(formatTime(timeOfDate(date), utcZone)).toBe(
            date
              .toISOString()
              .replace(/\.?0*Z$/, match => (match.includes('.') ? 'Z' : match))
              .replace(/(\.\d*?)0+Z$/, '$1Z'),
          )
          expect(dateOfTime(timeOfDate(date))).toEqual(date)
        },
      ),
    )
  })

  it('beyond the years of four digits is moved into them', () => {
    const year = 31_556_952n * 10n ** 9n
    expect(formatTime(ns('9999-12-31T23:59:59Z') + 10n ** 9n, utcZone)).toBe('9999-01-01T00:00:00Z')
    expect(formatTime(ns('2024-05-06T07:08:09Z') + 400_000n * year, utcZone)).toBe('9999-05-06T07:08:09Z')
    expect(formatTime(ns('2024-02-29T00:00:00Z') + 400_000n * year, utcZone)).toBe('9999-03-01T00:00:00Z')
    expect(formatTime(ns('2024-05-06T07:08:09Z') - 400_000n * year, utcZone)).toBe('0000-05-06T07:08:09Z')
    expect(parseTime(formatTime(2n ** 63n * 10n ** 9n))).toBeDefined()
    expect(parseTime(formatTime(-(2n ** 63n) * 10n ** 9n))).toBeDefined()
  })

  it('is rounded down to milliseconds for dates', () => {
    expect(dateOfTime(-1n)).toEqual(new Date(-1))
    expect(dateOfTime(1_999_999n)).toEqual(new Date(1))
  })

  it('may have more digits than nanoseconds', () => {
    expect(parseTime('2024-01-02T03:04:05.1234567899999Z')).toBe(ns('2024-01-02T03:04:05Z') + 123456789n)
  })

  it.each([
    '2024-01-02T03:04:05',
    '2024-01-02T03:04:05+0000',
    '2024-01-02t03:04:05Z',
    '2024-01-02T03:04:05z',
    '12024-01-02T03:04:05Z',
    '2024-13-02T03:04:05Z',
    '2024-00-02T03:04:05Z',
    '2024-01-00T03:04:05Z',
    '2024-01-32T03:04:05Z',
    '2023-02-29T03:04:05Z',
    '2024-01-02T24:04:05Z',
    '2024-01-02T03:60:05Z',
    '2024-01-02T03:04:60Z',
    '2024-01-02T03:04:05+24:00',
    '2024-01-02T03:04:05+01:60',
    '2024-01-02T3:04:05Z',
    '2024-01-02T03:04:05,5Z',
    '2024-01-02T03:04:05.Z',
    '2024-01-02 03:04:05Z',
    '',
    ' 2024-01-02T03:04:05Z',
  ])("'%s' is refused, as Go refuses it", text => expect(parseTime(text)).toBeUndefined())
})
