import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeIndex, parseIndex } from './index-file.ts'
import { packsOfIndex } from './index-packs.ts'
import { anyBlobs, anyId } from './testing/arbitraries.ts'

const anyIndexFile = fc.record({ packs: fc.array(fc.record({ id: anyId, blobs: anyBlobs }), { maxLength: 5 }) })
const packsOf = (json: Uint8Array) => [...packsOfIndex(json)]

/** What it gives, or throws, as text. */
function outcome(read: () => unknown): string {
  try {
    return JSON.stringify(read())
  } catch (error) {
    return String(error)
  }
}

describe('the packs of an index file', () => {
  it('are those that it has as a whole', () => {
    fc.assert(
      fc.property(anyIndexFile, file => {
        expect(packsOf(encodeIndex(file))).toEqual(file.packs)
      }),
    )
  })

  it('are the same, or none, whatever of the file was altered', () => {
    const alteration = fc.record({
      at: fc.nat(),
      remove: fc.nat(3),
      insert: fc.constantFrom('', '0', '-', ' ', ',', '"', ']', '}', '99999'),
    })
    fc.assert(
      fc.property(anyIndexFile, alteration, (file, { at, remove, insert }) => {
        const text = encodeIndex(file).toString()
        const place = at % (text.length + 1)
        const altered = Buffer.from(text.slice(0, place) + insert + text.slice(place + remove))
        expect(outcome(() => packsOf(altered))).toBe(outcome(() => parseIndex(altered).packs))
      }),
    )
  })
})
