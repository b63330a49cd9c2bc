import { describe, expect, it } from 'vitest'
import { parseKeepDuration } from './keep-duration.ts'
import { goBack } from './wall-clock.ts'

/** Berlin's, around the last Sundays of March and October 2026. */
const berlin = (instant: number): number =>
  instant >= Date.parse('2026-03-29T01:00:00Z') && instant < Date.parse('2026-10-25T01:00:00Z') ? 120 : 60
const back = (time: string, utcOffset: number, span: string): string =>
  new Date(goBack({ time: new Date(time), utcOffset }, parseKeepDuration(span), berlin)).toISOString()

describe('going back', () => {
  it('by a day means the same time of day, whatever the clocks did in between', () => {
    expect(back('2026-03-29T12:00:00+02:00', 120, '1d')).toBe('2026-03-28T11:00:00.000Z')
    expect(back('2026-10-25T12:00:00+01:00', 60, '1d')).toBe('2026-10-24T10:00:00.000Z')
  })

  it('by hours means hours', () => {
    expect(back('2026-03-29T12:00:00+02:00', 120, '24h')).toBe('2026-03-28T10:00:00.000Z')
  })

  it('from a time of another zone, or of UTC, knows of no change', () => {
    expect(back('2026-03-29T12:00:00+05:00', 300, '1d')).toBe('2026-03-28T07:00:00.000Z')
    expect(back('2026-03-29T12:00:00Z', 0, '1d')).toBe('2026-03-28T12:00:00.000Z')
  })

  it('to a day that the month lacks runs over into the next', () => {
    expect(back('2026-03-31T12:00:00Z', 0, '1m')).toBe('2026-03-03T12:00:00.000Z')
    expect(back('2024-02-29T12:00:00Z', 0, '1y')).toBe('2023-03-01T12:00:00.000Z')
    expect(back('2026-01-31T12:00:00Z', 0, '13m')).toBe('2024-12-31T12:00:00.000Z')
  })
})
