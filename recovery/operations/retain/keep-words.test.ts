import { describe, expect, it } from 'vitest'
import { config } from '../../../contract/config.ts'
import { parseMaxUnused, parseSize, readKeepWords } from './keep-words.ts'

const refused = expect.objectContaining({ code: 'bad-input' }) as Error

describe('a policy', () => {
  it('is read from the words of aidatavault.yml', () => {
    const { retain } = config.parse({
      retain: {
        keepLast: 3,
        keepDaily: 'unlimited',
        keepYearly: -1,
        keepWithin: '1y5m',
        keepWithinWeekly: '2m',
        keepTag: ['a, b', ''],
      },
    })
    expect(readKeepWords(retain!)).toEqual({
      counts: { last: 3, daily: -1, yearly: -1 },
      within: { years: 1, months: 5, days: 0, hours: 0 },
      withinEach: { weekly: { years: 0, months: 2, days: 0, hours: 0 } },
      tags: [['a', 'b'], ['']],
    })
  })

  it.each([{}, { keepLast: 0 }, { keepWithin: '0d', keepDaily: 0 }])('that says nothing is refused: %j', words => {
    expect(() => readKeepWords(words)).toThrow(refused)
  })

  it.each([{ keepDaily: -2 }, { keepDaily: 1.5 }, { keepWithin: '3w' }, { keepFoo: 1 }, { maxUnused: '5 %' }])(
    'that makes no sense is no setting: %j',
    retain => {
      expect(config.safeParse({ retain }).success).toBe(false)
    },
  )
})

describe('what may stay unused', () => {
  it('is a share, a size or unlimited', () => {
    expect(parseMaxUnused('5%')).toEqual({ percent: 5 })
    expect(parseMaxUnused('2.5%')).toEqual({ percent: 2.5 })
    expect(parseMaxUnused('10M')).toEqual({ bytes: 10 * 1024 * 1024 })
    expect(parseMaxUnused('unlimited')).toBe('unlimited')
    expect([parseSize('0'), parseSize('1k'), parseSize('1.5G')]).toEqual([0, 1024, 1.5 * 1024 ** 3])
    for (const text of ['', '%', '101%', 'x', '-1', '1X', '5 %']) expect(() => parseMaxUnused(text)).toThrow(refused)
  })
})
