import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBelow, walkOrder } from './walk-order.ts'

const name = fc
  .uint8Array({ minLength: 1, maxLength: 3 })
  .map(bytes => bytes.map(byte => (byte === 0 || byte === 0x2f ? 0x2e : byte % 2 ? 0x21 + (byte % 16) : byte)))
  .filter(bytes => !bytes.includes(0x2f))
const names = fc.array(name, { maxLength: 5 })
const pathOf = (parts: readonly Uint8Array[]) => Buffer.concat(parts.flatMap(part => [Buffer.from('/'), part]))

/** What a walk does: name by name, and a folder before what is in it. */
function byNames(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i]
    if (!other) return 1
    const order = Buffer.compare(part, other)
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : 0
}

describe('the order of a walk', () => {
  it('is that of names from the top, whatever bytes are in them', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(Math.sign(walkOrder(pathOf(a), pathOf(b)))).toBe(byNames(a, b))
      }),
    )
  })

  it('has below a folder what begins with all of its names', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const isIn = b.length > a.length && a.every((part, i) => Buffer.compare(part, b[i]!) === 0)
        expect(isBelow(pathOf(b), pathOf(a))).toBe(isIn)
      }),
    )
    expect(isBelow(Buffer.from('/a'), Buffer.from('/'))).toBe(true)
    expect(isBelow(Buffer.from('/ab'), Buffer.from('/a'))).toBe(false)
  })
})
