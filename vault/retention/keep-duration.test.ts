import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepDurationText, parseKeepDuration } from './keep-duration.ts'

describe('a span of time', () => {
  it('is read in any order of its units, and written in one', () => {
    expect(parseKeepDuration('2h1y7d5m')).toEqual({ years: 1, months: 5, days: 7, hours: 2 })
    expect(keepDurationText(parseKeepDuration('2h1y7d5m'))).toBe('1y5m7d2h')
    const number = fc.integer({ min: 0, max: 999_999 })
    fc.assert(
      fc.property(
        fc.record({ years: number, months: number, days: number, hours: fc.integer({ min: 1, max: 9 }) }),
        span => {
          expect(parseKeepDuration(keepDurationText(span))).toEqual(span)
        },
      ),
    )
  })

  it.each(['', '1', 'd', '1w', '-1d', '1d2d', '1 d', '1.5d', '1D', '1d x'])('is not %j', text => {
    expect(() => parseKeepDuration(text)).toThrow(expect.objectContaining({ code: 'bad-input' }) as Error)
  })
})
