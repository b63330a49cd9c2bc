import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstDifference } from './first-difference.ts'

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length
    yield bytes.subarray(at, at + size)
    at += size
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

describe('two streams of bytes', () => {
  it('are equal however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), sizes, sizes, async (bytes, a, b) => {
        expect(await firstDifference(inPieces(bytes, a), inPieces(bytes, b))).toBeUndefined()
      }),
    )
  })

  it('differ from the first byte on that is not the same, or where one ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.uint8Array({ maxLength: 60 }),
        sizes,
        sizes,
        async (x, y, a, b) => {
          const longer = Math.max(x.length, y.length)
          const expected = Array.from({ length: longer }, (_, i) => i).find(i => x[i] !== y[i])
          expect(await firstDifference(inPieces(x, a), inPieces(y, b))).toBe(expected)
        },
      ),
    )
  })

  it('are both closed when they differ early, when one fails and when it is stopped', async () => {
    const closed: string[] = []
    async function* endless(name: string, value: number) {
      try {
        for (;;) yield Buffer.alloc(10, value)
      } finally {
        closed.push(name)
      }
    }
    async function* failing() {
      yield Buffer.alloc(10, 1)
      throw new Error('broke off')
    }
    expect(await firstDifference(endless('a', 1), endless('b', 2))).toBe(0)
    await expect(firstDifference(endless('c', 1), failing())).rejects.toThrow('broke off')
    let rounds = 0
    const stop = () => {
      if (++rounds > 3) throw new Error('stopped')
    }
    await expect(firstDifference(endless('d', 1), endless('e', 1), stop)).rejects.toThrow('stopped')
    expect(closed).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})
