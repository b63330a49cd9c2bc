import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataRuns } from './sparse.ts'

describe('what of a piece of a file is written', () => {
  it('is all of it where there are no long zero runs', () => {
    expect(dataRuns(Buffer.alloc(65_535), 0)).toEqual([{ start: 0, end: 65_535 }])
    expect(dataRuns(Buffer.alloc(300_000, 1), 77)).toEqual([{ start: 0, end: 300_000 }])
    expect(dataRuns(Buffer.alloc(0), 5)).toEqual([])
  })

  it('is nothing of zeros alone, wherever they lie', () => {
    expect(dataRuns(Buffer.alloc(524_288), 0)).toEqual([])
    expect(dataRuns(Buffer.alloc(524_288), 4095)).toEqual([])
  })

  it('leaves holes that begin and end with the blocks of the file', () => {
    const bytes = Buffer.alloc(200_000)
    bytes[0] = bytes[199_999] = 1
    expect(dataRuns(bytes, 8192)).toEqual([
      { start: 0, end: 4096 },
      { start: 196_608, end: 200_000 },
    ])
  })

  it('is everything that is not zero, in order and without overlap, whatever the bytes and the place', () => {
    const stretch = fc.record({ length: fc.integer({ min: 0, max: 150_000 }), value: fc.constantFrom(0, 0, 1, 255) })
    fc.assert(
      fc.property(
        fc.array(stretch, { maxLength: 6 }),
        fc.integer({ min: 0, max: 10_000_000 }),
        (stretches, position) => {
          const bytes = Buffer.concat(stretches.map(({ length, value }) => Buffer.alloc(length, value)))
          const file = Buffer.alloc(bytes.length)
          let before = -1
          for (const { start, end } of dataRuns(bytes, position)) {
            expect(start).toBeGreaterThan(before)
            expect(end).toBeGreaterThan(start)
            bytes.copy(file, start, start, end)
            before = end
          }
          expect(file.equals(bytes)).toBe(true)
        },
      ),
    )
  })
})
